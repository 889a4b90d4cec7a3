from . import log, pdfjs, sign, template
