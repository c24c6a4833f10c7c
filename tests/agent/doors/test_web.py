"""The page, in a real browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.common.keys import Keys
from tests.agent.doors.browsing import Browser, needs_chromium, served
from tests.agent.doors.web_server import room

from chatrec.agent.doors._keys import new_key
from chatrec.testing import tea_catalog

pytestmark = needs_chromium

SERVER = str(Path(__file__).with_name("web_server.py"))
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
Opener = Callable[..., Browser]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for tea in tea_catalog().items[:6]:
        (folder / f"{tea.id}.png").write_bytes(base64.b64decode(PIXEL))
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Generator[str, None, None]:
    with served([SERVER, str(pictures), ""], tmp_path_factory.mktemp("web") / "home") as address:
        yield address


@pytest.fixture
def browse(tmp_path: Path) -> Generator[Opener, None, None]:
    """Opens browsers, each of another person."""
    opened: list[Browser] = []

    def new(url: str, *, language: str = "en-US", width: int = 1000, dark: bool = False, path: str = "/") -> Browser:
        folder = tmp_path / f"browser-{len(opened)}"
        folder.mkdir()
        opened.append(Browser(url, folder, language=language, width=width, dark=dark))
        opened[-1].open(path)
        return opened[-1]

    yield new
    for browser in opened:
        browser.chrome.quit()


def test_typed_words_bring_cards_and_what_is_liked_leaves_the_next_list_and_is_remembered(
    url: str, browse: Opener
) -> None:
    browser = browse(url)
    browser.say("something smoky")
    first = browser.titles()
    assert len(first) == 3
    assert all("€" in price for price in browser.texts(".price"))
    assert browser.texts(".considered") == ["Considered: recommend 79% · reply 18% · describe 3%"]
    assert first[0] in str(browser.all("[role=status]")[0].get_attribute("textContent"))
    assert browser.until(lambda: browser.run("return document.querySelector('.card img').naturalWidth")) == 1

    browser.press(".acts .accept")
    browser.until(lambda: browser.all(".acts .accept[aria-pressed=true]"))
    assert browser.texts(".notice span")[0] == f"Noted: you like “{first[0]}”."
    browser.say("something smoky")
    assert first[0] not in browser.titles()

    said, shown = browser.texts(".said"), browser.texts(".title")
    browser.open()
    assert browser.texts(".said") == said
    assert browser.texts(".title") == shown
    assert len(browser.until(lambda: browser.all(".card.accept"))) == 1
    browser.press("[aria-label=Profile]")
    browser.until(lambda: browser.texts(".held li > span") == [first[0]])
    loaded = browser.run("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    assert set(loaded if isinstance(loaded, list) else ()) == {url}
    assert browser.complaints() == []


def test_the_page_gives_the_items_that_the_terminal_gives(url: str, browse: Opener) -> None:
    session, browser = room().session("terminal", "t1"), browse(url)
    for words in ("a tea below 20 euros", "something smoky", "no black tea please", "cheaper", "surprise me"):
        browser.say(words)
        assert browser.titles() == [entry["title"] for entry in session.send(words).recommendations]


def test_why_is_a_picture_with_words_for_those_who_cannot_see_it(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.say("something smoky")
    assert not browser.all(".bars")[0].is_displayed()
    browser.press(".acts .why")
    browser.until(browser.all(".bars")[0].is_displayed)
    assert browser.all(".acts .why")[0].get_attribute("aria-expanded") == "true"
    told = str(browser.all(".bars")[0].get_attribute("aria-label"))
    score, _, parts = told.removeprefix("Score ").partition(": ")
    added = [float(part.rpartition(" ")[2]) for part in parts.split(", ")]
    assert added
    assert float(score) == pytest.approx(sum(added), abs=0.02)
    assert browser.texts(".card:first-child .bars .value") == [f"{value:+.2f}" for value in added]


def test_an_option_is_said_by_a_click(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.say("ask me")
    options = browser.texts(".chips button")
    assert {"green", "black", "herbal"} < set(options)
    browser.press(".chips button", options.index("black"))
    browser.until(lambda: browser.answered(2))
    assert browser.texts(".said") == ["ask me", "black"]
    assert set(browser.titles()[:2]) == {"Black Harbour", "Smoke Ridge"}
    assert not set(browser.texts(".chips button")) & {"green", "black", "herbal"}


def test_two_browsers_are_two_people(url: str, browse: Opener) -> None:
    ana, ben = browse(url), browse(url)
    ana.say("something smoky")
    ana.press(".acts .reject")
    ana.until(lambda: ana.all(".card.reject"))
    ben.say("something smoky")
    assert ben.titles() == ana.titles()
    assert ben.all(".card.reject") == []
    ben.open()
    assert ben.texts(".said") == ["something smoky"]
    ben.press("[aria-label=Profile]")
    ben.until(lambda: ben.texts(".held") == ["Nothing yet."])


def test_a_reason_is_understood_and_undo_takes_it_back(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.say("a tea")
    title = browser.titles()[0]
    browser.press(".acts .reject")
    browser.until(browser.all(".why-not input")[0].is_displayed)
    browser.all(".why-not input")[0].send_keys("too expensive", Keys.ENTER)
    browser.until(lambda: "Understood: price below" in "".join(browser.texts(".notice")))
    assert browser.all(".card.reject") != []
    browser.press("[aria-label=Undo]")
    browser.until(lambda: browser.texts(".notice") == [f"Taken back: not “{title}”."])
    browser.press(".acts .reject")  # what was recorded first still holds: pressed again, it is taken back too
    browser.until(lambda: not browser.all(".card.reject"))


def test_the_profile_is_looked_at_edited_exported_and_forgotten(url: str, browse: Opener, tmp_path: Path) -> None:
    browser = browse(url)
    browser.say("remember that I like green tea")
    browser.say("a tea")
    browser.press(".acts .seen")
    browser.press("[aria-label=Profile]")
    browser.until(lambda: browser.texts(".held h3") == ["Lasting wishes", "Seen"])
    browser.until(lambda: browser.texts(".held li > span")[0] == "green")
    browser.press("[aria-label='Remove: green']")
    browser.until(lambda: browser.texts(".held h3") == ["Seen"])
    browser.press(".profile > .acts button", 1)
    file = tmp_path / "browser-0" / "Downloads" / "chatrec-teas.json"
    browser.until(file.exists)
    held = json.loads(file.read_text("utf-8"))
    said = [message["text"] for message in held["threads"][0]["messages"] if message["role"] == "person"]
    assert said == ["remember that I like green tea", "a tea"]
    browser.press(".profile > .acts button", 2)
    browser.until(lambda: browser.all("[role=dialog] .halt"))
    browser.until(browser.all("[role=dialog] .halt")[0].is_displayed)
    browser.press("[role=dialog] .halt")
    browser.until(lambda: not browser.all(".said") and browser.all("input.say"))
    browser.open()
    assert browser.all(".said") == []


def test_all_of_it_by_keyboard(url: str, browse: Opener) -> None:
    browser = browse(url)

    def focused() -> str:
        return str(
            browser.run("return document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )

    browser.until(lambda: browser.run("return document.activeElement.classList.contains('say')"))
    browser.type("something smoky", Keys.ENTER)
    browser.until(lambda: browser.answered(1))
    first = browser.titles()[0]
    order: list[str] = []
    browser.run("document.querySelector('.skip').focus()")
    while not order or order[-1] != f"Like: {first}":
        order.append(focused())
        assert len(order) < 12, order
        if order[-1] != f"Like: {first}":
            browser.type(Keys.TAB)
    assert order[:6] == ["Skip to your message", "New conversation", "Undo", "Profile", "Light or dark", "中文"], order
    browser.type(Keys.SPACE)
    browser.until(lambda: browser.all(".card.accept"))
    assert focused() == f"Like: {first}"
    browser.run("document.querySelector('[aria-label=Profile]').focus()")
    browser.type(Keys.ENTER)
    browser.until(
        lambda: browser.all("[role=dialog]") and browser.run("return document.activeElement.closest('[role=dialog]')")
    )
    browser.type(Keys.ESCAPE)
    browser.until(lambda: not browser.all("[role=dialog]") and focused() == "Profile")
    assert [
        button for button in browser.all("button") if not (button.accessible_name or not button.is_displayed())
    ] == []


@pytest.mark.parametrize(("language", "hello", "word"), [("en-US", "Like", "a tea"), ("zh-CN", "喜欢", "来点茶")])
def test_a_phone_shows_it_all_without_scrolling_sideways(
    url: str, browse: Opener, language: str, hello: str, word: str
) -> None:
    browser = browse(url, language=language, width=360, dark=True)
    browser.say("ask" if language == "en-US" else "问")
    browser.say(word)
    browser.press(".acts .why")
    browser.press(".acts .reject")
    browser.until(lambda: browser.all(".why-not input")[0].is_displayed() and browser.all(".bars")[0].is_displayed())
    assert hello in browser.texts(".acts .accept")[0]
    assert browser.run("return document.documentElement.lang") == ("zh-CN" if language == "zh-CN" else "en-US")
    beyond = "[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    assert browser.run(f"return {beyond}.map((e) => e.className)") == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth") is True
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(21, 25, 24)"
    browser.press("[aria-label='Light or dark']" if language == "en-US" else "[aria-label=浅色或深色]")
    light = "rgb(246, 245, 241)"
    browser.until(lambda: browser.run("return getComputedStyle(document.body).backgroundColor") == light)
    browser.open()
    browser.until(lambda: browser.run("return getComputedStyle(document.body).backgroundColor") == light)


def test_an_answer_is_stopped_and_one_that_failed_leaves_no_trace(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.all("input.say")[0].send_keys("wait a little", Keys.ENTER)
    browser.until(browser.all("[aria-label=Stop]")[0].is_displayed)
    browser.press("[aria-label=Stop]")
    browser.until(lambda: browser.texts(".failed") == ["Stopped. The conversation goes on as if you had not asked."])
    browser.say("fail")
    assert browser.texts(".failed")[1] == "the model broke (take another)"
    browser.say("something smoky")
    browser.open()
    assert browser.texts(".said") == ["something smoky"]


def test_the_models_sentences_are_shown_as_it_writes_them(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.all("input.say")[0].send_keys("write of something smoky", Keys.ENTER)
    browser.until(lambda: browser.texts(".words") == ["Have a look."])
    assert browser.all(".doing"), "it is still being answered"
    assert len(browser.titles()) == 3
    browser.until(lambda: not browser.all(".doing"))
    assert browser.texts(".words")[0].startswith("Have a look. Or take your time.")
    assert len(browser.titles()) == 3


def test_an_answer_under_way_is_found_again_after_a_reload(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.all("input.say")[0].send_keys("wait for it", Keys.ENTER)
    browser.until(lambda: browser.all(".doing"))
    browser.open()
    browser.until(lambda: browser.texts(".said") == ["wait for it"])
    browser.until(lambda: len(browser.titles()) == 3)
    assert len(browser.all(".answer")) == 1


def test_a_new_conversation_keeps_the_person(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.say("a tea")
    first = browser.titles()[0]
    browser.press(".acts .accept")
    browser.until(lambda: browser.all(".card.accept"))
    browser.press("[aria-label='New conversation']")
    browser.until(lambda: not browser.all(".said") and browser.all("input.say"))
    browser.say("a tea")
    assert first not in browser.titles()
    browser.open()
    assert browser.texts(".said") == ["a tea"]


def test_words_of_the_catalog_are_words_and_nothing_else(url: str, browse: Opener) -> None:
    browser = browse(url)
    browser.say("something evil <b>onerror</b>")
    assert any("<img src=x" in title for title in browser.titles())
    assert browser.texts(".said") == ["something evil <b>onerror</b>"]
    assert browser.chrome.title == "teas"


def test_with_keys_nobody_comes_in_without_one(tmp_path: Path, pictures: Path, browse: Opener) -> None:
    keys = tmp_path / "keys.txt"
    key = new_key("ana", keys)
    with served([SERVER, str(pictures), str(keys)], tmp_path / "home") as url, httpx.Client(base_url=url) as client:
        assert client.get("/").headers["location"] == "/login"
        assert client.get("/en").headers["location"] == "/login"
        assert client.get("/picture/green-dawn").headers["location"] == "/login"
        assert client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 303
        browser = browse(url, path="/login")
        browser.all("input")[0].send_keys("guess", Keys.ENTER)
        browser.until(lambda: browser.texts("[role=alert]") == ["That was not it."])
        browser.all("input")[0].send_keys(key, Keys.ENTER)
        browser.until(lambda: browser.all("input.say"))
        browser.until(browser.alive)
        browser.say("a tea")
        assert len(browser.titles()) == 3
        assert browser.until(lambda: browser.run("return document.querySelector('.card img').naturalWidth")) == 1

        assert client.post("/login", data={"key": "x" * 70_000}).status_code == 413
        assert client.post("/login", content=iter([b"key=x"])).status_code == 413
        assert client.get("/", headers={"origin": "http://elsewhere.example"}).status_code == 403
        assert "http:" not in client.get("/login").headers["content-security-policy"]
        assert {client.post("/login", data={"key": "guess"}).status_code for _ in range(12)} == {401, 429}
        assert 429 in {client.get("/login").status_code for _ in range(160)}


def test_without_keys_only_this_machines_names_are_answered(url: str) -> None:
    assert httpx.get(url, headers={"host": "elsewhere.example"}).status_code == 403
    assert httpx.get(url, headers={"origin": "http://elsewhere.example"}).status_code == 403
    assert httpx.get(f"{url}/picture/evil").status_code == 404
    assert httpx.get(f"{url}/picture/..%2F..%2Fetc%2Fpasswd").status_code == 404
    assert httpx.get(f"{url}/picture/green-dawn").headers["content-type"] == "image/png"


@pytest.mark.real_model
def test_the_command_serves_a_file_with_the_embedded_model(
    tmp_path: Path, browse: Opener, derived_models: Path
) -> None:
    teas = tmp_path / "teas.jsonl"
    teas.write_text("\n".join(json.dumps(tea.as_dict()) for tea in tea_catalog().items), "utf-8")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "models").symlink_to(derived_models, target_is_directory=True)
    command = ["-m", "chatrec.agent.doors.cli", "web", "--port", "0", "--catalog", str(teas)]
    with served(command, home, 120) as url:
        browser = browse(url)
        browser.say("show me a smoky tea")
        assert browser.texts(".considered")[0].startswith("Considered: ")
        if not browser.titles():
            browser.press(".chips button", -1)
            browser.until(lambda: browser.answered(2))
        assert set(browser.titles()) & {"Black Harbour", "Smoke Ridge"}
        said = browser.texts(".said")
    with served(command, home, 120) as url:
        # Cookies know no ports: the same browser, another start of the server.
        browser.url = url
        browser.open()
        assert browser.texts(".said") == said
