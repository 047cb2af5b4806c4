"""Markdown of users as HTML: their own HTML is shown as text, and only harmless links are links."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from podium.domain.mentions import MENTION

MAX_TEXT = 200_000  # characters; the rest is cut


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.disable("image")  # a picture from elsewhere tells its server who looks
    parser.add_render_rule("link_open", _open_link)
    parser.add_render_rule("text", _text)
    return parser


def markdown(text: str | None) -> Markup:
    """The text as HTML."""
    return Markup(_parser().render((text or "")[:MAX_TEXT]))  # noqa: S704  the parser escapes all that it is given


def _open_link(self: object, tokens: list[Token], index: int, _options: object, _env: object) -> str:
    token = tokens[index]
    token.attrSet("rel", "nofollow noopener noreferrer")
    return self.renderToken(tokens, index, _options, _env)  # type: ignore[attr-defined,no-any-return]


def _text(_self: object, tokens: list[Token], index: int, _options: object, _env: object) -> str:
    escaped = str(Markup.escape(tokens[index].content))
    return MENTION.sub(r'<span class="mention">@\1</span>', escaped)
