"""The ways in which people work a page: with a pointer, or with the keyboard alone."""

from typing import Protocol

from playwright.sync_api import Locator

# More than any page of the shop has to offer.
_MOST_STOPS = 150


class Hand(Protocol):
    def press(self, what: Locator) -> None:
        """Follow a link, push a button."""

    def tick(self, box: Locator) -> None:
        """Choose one of several, or agree to something."""

    def write(self, field: Locator, text: str) -> None:
        """Replace what stands in a field."""

    def pick(self, field: Locator, option: str) -> None:
        """Choose from a list by what it says."""


class Pointer:
    def press(self, what: Locator) -> None:
        what.click()

    def tick(self, box: Locator) -> None:
        box.check()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def pick(self, field: Locator, option: str) -> None:
        field.select_option(label=option)


class Keys:
    """Nothing but Tab, the arrows, the space bar, Enter and letters."""

    def press(self, what: Locator) -> None:
        self._reach(what)
        what.page.keyboard.press("Enter")

    def tick(self, box: Locator) -> None:
        self._reach(box)
        if not box.is_checked():
            box.page.keyboard.press("Space")
        assert box.is_checked()

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        field.page.keyboard.press("ControlOrMeta+a")
        field.page.keyboard.type(text)

    def pick(self, field: Locator, option: str) -> None:
        self._reach(field)
        field.page.keyboard.type(option)
        assert field.locator("option:checked").inner_text() == option

    def _reach(self, what: Locator) -> None:
        """With Tab; within a group of radio buttons, of which Tab reaches one, with an arrow."""
        what.wait_for()
        page = what.page
        for _ in range(_MOST_STOPS):
            if what.evaluate("element => element === document.activeElement"):
                assert what.evaluate(_SHOWS_FOCUS), f"Nobody sees that {what} has the focus"
                return
            is_beside = what.evaluate("element => element.name && element.name === document.activeElement?.name")
            page.keyboard.press("ArrowDown" if is_beside and what.get_attribute("type") == "radio" else "Tab")
        raise AssertionError(f"{what} is not reached with the keyboard")


# The field itself, or what is drawn around it.
_SHOWS_FOCUS = """element => [element, element.parentElement].some(each => {
  const style = getComputedStyle(each);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
})"""
