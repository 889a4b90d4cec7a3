from . import evidence, log, pdfjs, portal, seen_as, sign, template, verify
