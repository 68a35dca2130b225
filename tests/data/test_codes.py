"""Codes by their own rules, against codes that are published and codes worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import codes

# Published codes of well-known companies.
REAL = ["914403001922038216", "9144030071526726XG", "91110000802100433B"]
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("code", REAL)
def test_published_codes_pass(code):
    assert codes.is_uscc(code)
    assert codes.has_organisation_code(code)


@given(st.text(SIGNS, min_size=17, max_size=17), st.integers(0, 17), st.sampled_from(SIGNS))
def test_every_single_slip_is_noticed(first, place, sign):
    code = first + codes.uscc_check_sign(first)
    assert codes.is_uscc(code)
    slipped = code[:place] + sign + code[place + 1 :]
    assert codes.is_uscc(slipped) == (slipped == code)


@given(st.text(SIGNS, min_size=17, max_size=17), st.integers(0, 15))
def test_two_signs_swapped_are_noticed(first, place):
    code = first + codes.uscc_check_sign(first)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert codes.is_uscc(swapped) == (swapped == code)


@pytest.mark.parametrize(
    "text", ["", "91440300192203821", "9144030019220382166", "91440300192203821O", "9144030019220382１6"]
)
def test_what_is_no_code_fails(text):
    assert not codes.is_uscc(text)


def test_an_organisation_code_wrong_inside_a_right_credit_code_is_told_apart():
    first = "91620100" + "192203820"  # its own check sign would be 1
    code = first + codes.uscc_check_sign(first)
    assert codes.uscc_ok([code]).tolist() == [True]
    assert codes.organisation_ok([code]).tolist() == [False]
    assert codes.organisation_ok(["914403001922038217"]).tolist() == [True]  # wrong already: said once


def test_empty_is_neither_right_nor_wrong():
    for rule in (codes.uscc_ok, codes.area_code_ok, codes.industry_ok, codes.telephone_ok):
        assert rule([None, np.nan, ""]).tolist() == [True, True, True]
        assert rule([]).tolist() == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("620105001003", True), ("620105001000", True), ("620105000000", True), ("620100000000", False),
        ("620105000003", False), ("62010500100", False), ("6201050010033", False), ("6201O5001003", False),
        ("６20105001003", False),
    ],
)  # fmt: skip
def test_area_codes(text, right):
    assert codes.is_area_code(text) == right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("+86 13893112345", True), ("0931-8888888", True), ("(0931)8888888", True), ("09318888888-801", True),
        ("400 800 8888", True), ("120", True), ("12345", True), ("96123", True), ("12345678901", False), ("无", False),
        ("0931-888", False), ("13893112345、0931-8888888", True), ("13893112345、0931-888", False),
    ],
)  # fmt: skip
def test_telephones(text, right):
    assert codes.is_telephone(text) == right
