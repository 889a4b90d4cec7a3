"""When somebody may be reminded, on the days on which clocks change, too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..signature_workflow.engine.schedule import next_moment

ZONES = (
    "Europe/Bucharest",
    "Pacific/Auckland",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "UTC",
)


def is_weekday(day):
    return day.weekday() < 5


def utc(text):
    return datetime.fromisoformat(text)


def local(moment, zone):
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


class TestSchedule(BaseCase):
    def test_examples(self):
        for zone, earliest, expected in (
            # a Wednesday
            ("UTC", "2026-11-25 09:00", "2026-11-25 09:00"),
            ("UTC", "2026-11-25 17:59:59", "2026-11-25 17:59:59"),
            ("UTC", "2026-11-25 18:00", "2026-11-26 09:00"),
            ("UTC", "2026-11-25 08:59", "2026-11-25 09:00"),
            # Friday evening, Saturday noon
            ("UTC", "2026-11-27 18:00", "2026-11-30 09:00"),
            ("UTC", "2026-11-28 12:00", "2026-11-30 09:00"),
            # it is Thursday, 01:00 there; Wednesday, 04:00; Wednesday, 17:45
            ("Pacific/Auckland", "2026-11-25 12:00", "2026-11-25 20:00"),
            ("America/Los_Angeles", "2026-11-25 12:00", "2026-11-25 17:00"),
            ("Asia/Kathmandu", "2026-11-25 12:00", "2026-11-25 12:00"),
            ("Asia/Kathmandu", "2026-11-25 12:15", "2026-11-26 03:15"),
            # here Friday, there Saturday
            ("Pacific/Auckland", "2026-11-27 12:00", "2026-11-29 20:00"),
        ):
            with self.subTest(zone=zone, earliest=earliest):
                self.assertEqual(next_moment(utc(earliest), zone, is_weekday), utc(expected))

    def test_clocks_change(self):
        def every_day(day):
            return True

        for earliest, expected in (
            # nine o'clock in Bucharest before and after the clocks go forward on 29 March, and back on 25 October
            ("2026-03-28 20:00", "2026-03-29 06:00"),
            ("2026-03-27 20:00", "2026-03-28 07:00"),
            ("2026-10-24 20:00", "2026-10-25 07:00"),
            ("2026-10-23 20:00", "2026-10-24 06:00"),
        ):
            self.assertEqual(next_moment(utc(earliest), "Europe/Bucharest", every_day), utc(expected))
        # between three and four there is nothing on that morning
        moment = next_moment(utc("2026-03-29 00:00"), "Europe/Bucharest", every_day, 3, 4)
        self.assertEqual(moment, utc("2026-03-30 00:00"))
        # and on that one twice
        self.assertEqual(
            next_moment(utc("2026-10-25 01:30"), "Europe/Bucharest", every_day, 3, 4), utc("2026-10-25 01:30")
        )
        # a day that Samoa left out, a Friday
        moment = next_moment(utc("2011-12-30 05:00"), "Pacific/Apia", is_weekday)
        self.assertEqual(local(moment, "Pacific/Apia").isoformat(), "2012-01-02T09:00:00+14:00")

    def test_time_zone_that_is_not_known(self):
        for zone in ("Mars/Olympus", "", "Europe", "../../etc/passwd", "a\0b"):
            self.assertEqual(next_moment(utc("2026-11-25 03:00"), zone, is_weekday), utc("2026-11-25 09:00"), zone)

    def test_calendar_without_working_days(self):
        self.assertEqual(
            next_moment(utc("2026-11-28 03:00"), "UTC", lambda day: False),
            utc("2026-11-28 09:00"),
        )
        # the last day that is looked at
        only = date(2026, 11, 25) + timedelta(days=60)
        moment = next_moment(utc("2026-11-25 20:00"), "UTC", lambda day: day == only)
        self.assertEqual(moment.date(), only)

    @settings(max_examples=300, deadline=None)
    @given(
        st.datetimes(utc("2010-01-01"), utc("2035-01-01")),
        st.sampled_from(ZONES),
        st.sets(st.integers(0, 6), min_size=1),
        st.integers(0, 22).flatmap(lambda first: st.tuples(st.just(first), st.integers(first + 1, 24))),
    )
    def test_first_decent_moment(self, earliest, zone, weekdays, hours):
        def is_decent(moment):
            there = local(moment, zone)
            return there.weekday() in weekdays and hours[0] <= there.hour < hours[1]

        moment = next_moment(earliest, zone, lambda day: day.weekday() in weekdays, *hours)
        self.assertGreaterEqual(moment, earliest)
        self.assertTrue(is_decent(moment))
        # none before it, looked at each quarter of an hour
        step = timedelta(minutes=15)
        before = earliest
        while before < moment:
            self.assertFalse(is_decent(before), before)
            before += step
