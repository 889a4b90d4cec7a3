"""A root and what it issues, made by openssl in a folder: none of it by what is tested."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/{name}.index
new_certs_dir = {folder}
serial = {folder}/{name}.serial
certificate = {folder}/{name}.pem
private_key = {folder}/{name}.key
default_md = sha256
default_days = 3000
default_crl_days = 30
policy = names
unique_subject = no
[names]
commonName = supplied
organizationName = optional
[req]
distinguished_name = empty
[empty]
"""
SIGNING = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature,nonRepudiation")
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
STAMPING = (
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=critical,timeStamping",
)


def openssl(*arguments, data=None):
    """Run openssl; return what it prints. Raises CalledProcessError with its words."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(f"openssl {' '.join(map(str, arguments))}\n{done.stderr.decode()}{done.stdout.decode()}")
    return done.stdout


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    @property
    def pem(self):
        return self.certificate.read_text()

    @property
    def der(self):
        return openssl("x509", "-in", self.certificate, "-outform", "DER")

    def pkcs12(self, password, *chain, key=None):
        """Return a PKCS#12 file; `chain` are the issued whose certificates go with it."""
        others = self.certificate.with_suffix(".chain")
        others.write_text("".join(each.pem for each in chain))
        more = ["-certfile", others] if chain else []
        return openssl(
            *("pkcs12", "-export", "-in", self.certificate, "-inkey", key or self.key, "-passout", f"pass:{password}"),
            *more,
        )


class Authority(Issued):
    """Issues certificates, and lists those that it has revoked.

    :param crl_url: where the lists of this and of the authorities under it are served: FOLDER/NAME.crl
    """

    def __init__(self, folder, name, *, issuer=None, crl_url="", **more):
        folder = Path(folder)
        stem = _stem(name)
        super().__init__(folder / f"{stem}.pem", folder / f"{stem}.key")
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "stem", stem)
        object.__setattr__(self, "crl_url", crl_url)
        object.__setattr__(self, "config", folder / f"{stem}.cnf")
        self.config.write_text(CONFIG.format(folder=folder, name=stem))
        (folder / f"{stem}.index").touch()
        (folder / f"{stem}.serial").write_text("1000\n")
        if issuer:
            issuer.issue(name, *AUTHORITY, **more)
        else:
            _make_key(self.key)
            extensions = [part for extension in AUTHORITY for part in ("-addext", extension)]
            openssl(
                *("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", 3650),
                *("-config", self.config, "-out", self.certificate, *extensions),
            )
        if crl_url:
            self.list_revoked()

    def issue(self, name, *extensions, dates=(), key=("EC", "ec_paramgen_curve:P-256")):
        """Return a certificate for `name`.

        :param dates: start and end as YYYYMMDDHHMMSSZ, else from now on for years
        """
        stem = _stem(name)
        issued = Issued(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        _make_key(issued.key, *key)
        request, extras = self.folder / f"{stem}.csr", self.folder / f"{stem}.ext"
        openssl("req", "-new", "-key", issued.key, "-subj", f"/CN={name}", "-config", self.config, "-out", request)
        points = [f"crlDistributionPoints=URI:{self.crl_url}/{self.stem}.crl"] if self.crl_url else []
        names = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        extras.write_text("\n".join([*extensions, *points, *names]))
        when = ["-startdate", dates[0], "-enddate", dates[1]] if dates else []
        openssl(
            *("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-extfile", extras),
            *("-out", issued.certificate, *when),
        )
        return issued

    def revoke(self, issued):
        openssl("ca", "-config", self.config, "-revoke", issued.certificate)
        self.list_revoked()

    def list_revoked(self):
        made = self.folder / f"{self.stem}.crl.pem"
        openssl("ca", "-config", self.config, "-gencrl", "-out", made)
        openssl("crl", "-in", made, "-outform", "DER", "-out", self.folder / f"{self.stem}.crl")


def _stem(name):
    return name.replace(" ", "-")


def _make_key(path, algorithm="EC", option="ec_paramgen_curve:P-256"):
    openssl("genpkey", "-algorithm", algorithm, *(["-pkeyopt", option] if option else []), "-out", path)
