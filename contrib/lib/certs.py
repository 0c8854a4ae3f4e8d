# SPDX-License-Identifier: BSD-2-Clause
"""Keys and certificates made for one run: ECDSA and RSA, signed by one
authority that nobody else trusts."""
import base64
import datetime
import hashlib
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 30
RSA_BITS = 2048


def new_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key, traditional=False):
    form = (serialization.PrivateFormat.TraditionalOpenSSL if traditional
            else serialization.PrivateFormat.PKCS8)
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public_der(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def pin(key):
    """SHA-256 of the public key, base64, as curl and HPKP write it."""
    return "sha256//" + base64.b64encode(hashlib.sha256(public_der(key)).digest()).decode()


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject, issuer, key):
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(issuer)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=DAYS)))


class Authority:
    """Signs certificates and writes them into its folder."""

    def __init__(self, folder, name="mailtri demonstration authority"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = new_key("ecdsa")
        self._certificate = (_builder(name, _name(name), self._key)
                             .add_extension(x509.BasicConstraints(True, 0), True)
                             .sign(self._key, hashes.SHA256()))
        self.pin = pin(self._key)
        self.path = folder / "ca.pem"
        self.path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, *alternatives, kind="ecdsa", days=None):
        """(certificate, key, pin): two paths and the pin of the key."""
        key = new_key(kind)
        builder = _builder(name, self._certificate.subject, key)
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [_alternative(n) for n in (name, *alternatives)]), False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        if days is not None:
            builder = builder.not_valid_after(  # for a test of an expired one
                datetime.datetime.utcnow() + datetime.timedelta(days=days))
        certificate = builder.sign(self._key, hashes.SHA256())
        base = self.folder / f"{name}.{kind}"
        certificate_path, key_path = base.with_suffix(f".{kind}.pem"), base.with_suffix(f".{kind}.key")
        certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_path.touch(mode=0o600)
        key_path.write_bytes(private_pem(key))
        return certificate_path, key_path, pin(key)
