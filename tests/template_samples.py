"""PDF files as people upload them, with fields of their own."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas


def form(pages=1):
    """A contract with form fields on its last page, one of them named after a role."""
    return _drawn(pages, _draw_form)


def tagged(*tags):
    """A page with text tags, one a line."""

    def draw(canvas):
        for number, tag in enumerate(tags):
            canvas.drawString(72, 700 - 40 * number, f"Here: {{{{{tag}}}}} and on")

    return _drawn(1, draw)


def plain(pages=1, text="A contract"):
    """Pages with nothing to fill in."""
    return _drawn(pages, lambda canvas: canvas.drawString(72, 760, text))


def _drawn(pages, draw):
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    for number in range(1, pages + 1):
        canvas.drawString(72, 800, f"Page {number}")
        if number == pages:
            draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw_form(canvas):
    canvas.acroForm.textfield(
        name="Order number", x=72, y=600, width=200, height=20, value="PO 1", fieldFlags="required"
    )
    canvas.acroForm.textfield(name="Our company remarks", x=72, y=520, width=300, height=60, fieldFlags="multiline")
    canvas.acroForm.checkbox(name="I agree", x=72, y=480, size=14)
    canvas.acroForm.choice(
        name="Delivery", x=72, y=440, width=120, height=20, value="Mail", options=["Mail", "Courier"]
    )
