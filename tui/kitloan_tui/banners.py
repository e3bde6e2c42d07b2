"""Banners across the whole screen, for what nobody must miss: no keys come, or no store answers."""

from textual.app import App

from kitloan_tui.widgets.panels import Banner

NOT_LISTENING = "! NOT LISTENING: another window has the keyboard. Click here, then scan again."


class Banners(App[None]):
    """An app that says across its screens what stands in the way of all work."""

    def listens(self) -> None:
        """A key has arrived: whatever the terminal has said, the desk listens."""
        if not self.app_focus:
            self.app_focus = True

    def watch_app_focus(self, focus: bool) -> None:
        """Say across the screen that scans are going somewhere else."""
        self.across("not-listening", "" if focus else NOT_LISTENING)

    def show_clock(self, warning: str) -> None:
        """Show what is wrong with this computer's clock, until an entry is made by it."""
        self.across("clock", f"! {warning}" if warning else "")

    def across(self, name: str, text: str) -> None:
        """Show a banner over the whole width, or take it away when there is no text."""
        if not text:
            for screen in self.screen_stack:
                screen.query(Banner).filter(f"#{name}").remove()
        elif not self.screen.query(f"#{name}"):
            self.screen.mount(Banner(text, id=name), before=0)
