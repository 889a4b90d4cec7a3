"""Boxes in percent of a displayed page, and their place in PDF user space.

A reader sees a page through its crop box and turned by its rotation; a box is given on that
picture. ISO 32000-2: 7.7.3.3 (page attributes), 8.3.2 (user space), 8.3.4 (transformation
matrices), 14.11.2 (page boundaries). Lengths are in user space units, called points here; a page's
``/UserUnit`` scales all of them alike and needs no attention.
"""

import functools
import math
from dataclasses import dataclass

from .errors import PlacementError

Rect = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

# percent; boxes come from decimal inputs and pixel arithmetic
TOLERANCE = 0.01


@dataclass(frozen=True)
class PageGeometry:
    """The boundaries and rotation of one page, inherited attributes resolved.

    :param media: media box as ``(left, bottom, right, top)`` in points
    :param crop: crop box, likewise; it is clipped to the media box
    :param rotation: clockwise, one of 0, 90, 180, 270
    :raises PlacementError: ``rotation_invalid``, ``geometry_invalid``
    """

    media: Rect
    crop: Rect
    rotation: int

    def __post_init__(self):
        if self.rotation not in (0, 90, 180, 270):
            raise PlacementError(
                "rotation_invalid",
                f"A page cannot be turned by {self.rotation} degrees.",
                rotation=self.rotation,
            )
        if not all(math.isfinite(value) for value in (*self.media, *self.crop)):
            raise PlacementError("geometry_invalid", "A page boundary is not a finite number.")
        left, bottom, right, top = self.visible
        if right <= left or top <= bottom:
            raise PlacementError("geometry_invalid", "The page has no visible area.")

    @functools.cached_property
    def visible(self) -> Rect:
        """The part of user space that a reader sees: crop box within media box, in points."""
        return (
            max(self.media[0], self.crop[0]),
            max(self.media[1], self.crop[1]),
            min(self.media[2], self.crop[2]),
            min(self.media[3], self.crop[3]),
        )

    @functools.cached_property
    def width(self) -> float:
        """Width of the page as displayed, in points."""
        left, bottom, right, top = self.visible
        return top - bottom if self.rotation in (90, 270) else right - left

    @functools.cached_property
    def height(self) -> float:
        """Height of the page as displayed, in points."""
        left, bottom, right, top = self.visible
        return right - left if self.rotation in (90, 270) else top - bottom


@dataclass(frozen=True)
class Box:
    """A rectangle on a page as displayed.

    :param page: 1 is the first page; -1 is the last one, -2 the one before it
    :param x: distance of the left edge from the left of the page, in percent of its width
    :param y: distance of the top edge from the top of the page, in percent of its height
    :param width: in percent of the page's width
    :param height: in percent of the page's height
    """

    page: int
    x: float
    y: float
    width: float
    height: float

    def resolved(self, page_count: int) -> "Box":
        """Return the same box with a positive page number.

        :raises PlacementError: ``page_missing``, ``box_invalid``, ``box_outside``
        """
        page = self.page + page_count + 1 if self.page < 0 else self.page
        if not 1 <= page <= page_count:
            raise PlacementError(
                "page_missing",
                f"There is no page {self.page} in a document of {page_count} pages.",
                page=self.page,
                pages=page_count,
            )
        sides = (self.x, self.y, self.width, self.height)
        if not all(math.isfinite(side) for side in sides) or min(self.width, self.height) <= 0:
            raise PlacementError("box_invalid", "A box needs a finite place and a positive size.")
        if (
            min(self.x, self.y) < -TOLERANCE
            or self.x + self.width > 100 + TOLERANCE
            or self.y + self.height > 100 + TOLERANCE
        ):
            raise PlacementError("box_outside", "The box leaves the page.", page=page)
        return Box(page, *sides)

    def clipped(self) -> "Box | None":
        """Return the part on the page, or ``None`` when most of the box is not on it."""
        left, top = max(self.x, 0), max(self.y, 0)
        width = min(self.x + self.width, 100) - left
        height = min(self.y + self.height, 100) - top
        if width <= 0 or height <= 0 or width * height < self.width * self.height / 2:
            return None
        return Box(self.page, left, top, width, height)

    def sized(self, width: float, height: float) -> "Box":
        """Return a box of another size with the same bottom left corner, or as near as the page allows.

        :param width: in percent of the page's width, likewise ``height``
        """
        width, height = min(width, 100), min(height, 100)
        x = max(min(self.x, 100 - width), 0)
        y = max(min(self.y + self.height - height, 100 - height), 0)
        return Box(self.page, x, y, width, height)


def to_pdf_matrix(box: Box, geometry: PageGeometry) -> tuple[Matrix, float, float]:
    """Return how to draw upright inside ``box``, as the reader sees it.

    :return: ``(matrix, width, height)``: the matrix ``(a, b, c, d, e, f)`` of ISO 32000-2 8.3.4
        maps a local system of ``width`` x ``height`` points, origin at the bottom left corner of
        the box as displayed, into the user space of the page.
    """
    width = geometry.width * box.width / 100
    height = geometry.height * box.height / 100
    left = geometry.width * box.x / 100
    bottom = geometry.height * (100 - box.y - box.height) / 100
    x0, y0, x1, y1 = geometry.visible
    if geometry.rotation == 0:
        matrix = (1.0, 0.0, 0.0, 1.0, x0 + left, y0 + bottom)
    elif geometry.rotation == 90:
        matrix = (0.0, 1.0, -1.0, 0.0, x1 - bottom, y0 + left)
    elif geometry.rotation == 180:
        matrix = (-1.0, 0.0, 0.0, -1.0, x1 - left, y1 - bottom)
    else:
        matrix = (0.0, -1.0, 1.0, 0.0, x0 + bottom, y1 - left)
    return matrix, width, height


def from_pdf_rect(rect: Rect, geometry: PageGeometry, page: int) -> Box:
    """Return the box that a rectangle in user space covers on the page as displayed.

    :param rect: two opposite corners ``(x0, y0, x1, y1)`` in points, in any order
    :param page: page number to put into the box
    """
    x0, y0, x1, y1 = geometry.visible
    left, right = sorted((rect[0], rect[2]))
    bottom, top = sorted((rect[1], rect[3]))
    from_left, from_right = left - x0, x1 - right
    from_bottom, from_top = bottom - y0, y1 - top
    wide, high = right - left, top - bottom
    if geometry.rotation == 0:
        x, y, width, height = from_left, from_top, wide, high
    elif geometry.rotation == 90:
        x, y, width, height = from_bottom, from_left, high, wide
    elif geometry.rotation == 180:
        x, y, width, height = from_right, from_bottom, wide, high
    else:
        x, y, width, height = from_top, from_right, high, wide
    return Box(
        page,
        x * 100 / geometry.width,
        y * 100 / geometry.height,
        width * 100 / geometry.width,
        height * 100 / geometry.height,
    )
