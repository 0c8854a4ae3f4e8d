// SPDX-License-Identifier: BSD-2-Clause
// SPF, DKIM and DMARC by the npm package mailauth: there is no DMARC plugin for Haraka.
'use strict'
const { authenticate } = require('mailauth')

exports.hook_data_post = function (next, connection) {
  const txn = connection.transaction
  txn.message_stream.get_data(async (raw) => {
    try {
      const result = await authenticate(raw, {
        ip: connection.remote.ip, helo: connection.hello.host, mta: 'mx.bench.example',
        sender: txn.mail_from.address, trustReceived: false, disableArc: true, disableBimi: true
      })
      const field = result.headers.replace(/^Authentication-Results:\s*/i, '').split(/\r?\nReceived-SPF:/)[0]
      txn.add_leading_header('Authentication-Results', field.trim())
      if (!result.dmarc || result.dmarc.status.result !== 'pass')
        return next(DENY, 'DMARC did not pass')
      next()
    } catch (error) {
      connection.logerror(this, error)
      next(DENYSOFT, 'the check failed')
    }
  })
}
