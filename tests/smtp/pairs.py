# SPDX-License-Identifier: BSD-2-Clause
"""Certificates and keys in PEM, and the client's side of TLS."""
import datetime
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _certificate(key, issuer_key=None, issuer="mx.example", subject="mx.example"):
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .sign(issuer_key or key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM))


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def alone(key):
    """(certificate, key), signed by itself."""
    return _certificate(key), _key_pem(key)


def chained():
    """ECDSA, with the certificate that signed it behind it."""
    root, key = ec_key(), ec_key()
    return (_certificate(key, root, issuer="ca.example")
            + _certificate(root, issuer="ca.example", subject="ca.example"), _key_pem(key))


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c
