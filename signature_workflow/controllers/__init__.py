from . import pdfjs, sign
