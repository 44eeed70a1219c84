"""Signs and verifies ALADI certificates with signxml.

    oracle.py sign IN OUT KEY LEAF METHOD DIGEST C14N   both signatures, with one leaf
    oracle.py verify FILE EXPORTER OFFICIAL             both signatures, each with its leaf
"""
import sys

from lxml import etree
from signxml import (CanonicalizationMethod, DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLSigner,
                     XMLVerifier, methods)

SOAP = "{http://www.w3.org/2001/12/soap-envelope}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
PLACES = {
    "COD": (".//CODExporter", f"./{SOAP}CertOrigin/CODEH/CODExporter/"),
    "CODEH": (f"./{SOAP}CertOrigin", f"./{SOAP}CertOrigin/"),
}


class Signer(XMLSigner):
    """Takes SHA-1 too: some issuing bodies still sign with it."""

    def check_deprecated_methods(self):
        pass


def text(path):
    with open(path, "rb") as file:
        return file.read()


def sign(source, out, key, leaf, method, digest, c14n):
    root = etree.fromstring(text(source))
    for name, (parent, _) in PLACES.items():
        place = etree.SubElement(root.find(parent), DS + "Signature", Id="placeholder", nsmap={"ds": DS[1:-1]})
        assert place is not None
        signer = Signer(method=methods.enveloped, signature_algorithm=SignatureMethod[method],
                        digest_algorithm=DigestAlgorithm[digest], c14n_algorithm=CanonicalizationMethod[c14n])
        signer.excise_empty_xmlns_declarations = False
        root = signer.sign(root, key=text(key), cert=text(leaf).decode(), reference_uri="#" + name)
    with open(out, "wb") as file:
        file.write(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def verify(path, *leaves):
    for leaf, (name, (_, location)) in zip(leaves, PLACES.items()):
        config = SignatureConfiguration(location=location)
        result = XMLVerifier().verify(text(path), x509_cert=text(leaf).decode(), id_attribute="id",
                                      expect_config=config)
        assert result.signed_xml.get("id") == name, result.signed_xml


{"sign": sign, "verify": verify}[sys.argv[1]](*sys.argv[2:])
