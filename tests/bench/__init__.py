"""Builders of test beds: invented networks, what was measured of them, and how finds are scored.

Tests and benchmarks both build here, so a figure in docs/accuracy/ and a test that holds it stand
on the same planted truth. Nothing here is part of the wheel.
"""
