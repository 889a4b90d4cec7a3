from . import log, pdfjs, portal, seen_as, sign, template
