from . import log, pdfjs, sign
