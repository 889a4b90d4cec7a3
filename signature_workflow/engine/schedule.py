"""When somebody may be reminded: on a working day, within decent hours where they are."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

# a calendar that has no working day in so many days is not listened to
PATIENCE_DAYS = 60


def next_moment(
    earliest: datetime,
    tz_name: str,
    is_working_day: Callable[[date], bool],
    first_hour: int = 9,
    last_hour: int = 18,
) -> datetime:
    """Return the first moment at or after ``earliest`` that is on a working day and within decent hours.

    Both moments are in UTC and naive, as Odoo keeps them. ``tz_name`` is an IANA time zone; one that is not known
    counts as UTC. Days and hours are those of its clock, from ``first_hour`` until just before ``last_hour``. Without
    a working day within 60 days, each day counts as one.
    """
    there = zone(tz_name)
    local = earliest.replace(tzinfo=UTC).astimezone(there)

    def is_decent(moment):
        return is_working_day(moment.date()) and first_hour <= moment.hour < last_hour

    if is_decent(local):
        return earliest
    for days in range(PATIENCE_DAYS + 1):
        opening = datetime.combine(local.date() + timedelta(days), time(first_hour), there).astimezone(UTC)
        moment = opening.replace(tzinfo=None)
        # where the clock skips the opening hour, or the whole day, the moment is another one than was asked for
        if moment >= earliest and is_decent(opening.astimezone(there)):
            return moment
    return next_moment(earliest, tz_name, lambda day: True, first_hour, last_hour)


def zone(name: str) -> tzinfo:
    """Return the IANA time zone of that name, UTC when it is not known."""
    try:
        return ZoneInfo(name)
    # a folder of the time zone database is no zone either
    except (KeyError, ValueError, OSError):
        return UTC
