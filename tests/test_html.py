import pytest
from django.template import engines

from shop.html import clean


@pytest.mark.parametrize(
    ("dirty", "safe"),
    [
        ("<p onclick=x()>Oak</p>", "<p>Oak</p>"),
        ("<script>alert(1)</script>Oak", "Oak"),
        ("<iframe src=https://evil.example>inside</iframe>Oak", "Oak"),
        ("<style>p{display:none}</style><p style='color:red' class=x>Oak</p>", "<p>Oak</p>"),
        ("<img src=x onerror=alert(1)>Oak", "Oak"),
        ("<svg><script>alert(1)</script></svg>Oak", "Oak"),
        ("<h1>Oak</h1><h2>stool</h2>", "Oak<h2>stool</h2>"),
        ("<a href='javascript:alert(1)'>Oak</a>", '<a rel="nofollow noopener">Oak</a>'),
        ("<a href=' JaVa\tScript:alert(1)'>Oak</a>", '<a rel="nofollow noopener">Oak</a>'),
        ("<a href='data:text/html,x'>Oak</a>", '<a rel="nofollow noopener">Oak</a>'),
        ("<a href='/products/other'>Oak</a>", '<a rel="nofollow noopener">Oak</a>'),
        ("<a href='http://['>Oak</a>", '<a rel="nofollow noopener">Oak</a>'),
        (
            "<a href='https://oak.example/' target=_blank>Oak</a>",
            '<a href="https://oak.example/" rel="nofollow noopener">Oak</a>',
        ),
        (
            "<a href='mailto:help@oak.example'>Oak</a>",
            '<a href="mailto:help@oak.example" rel="nofollow noopener">Oak</a>',
        ),
        ("<ul><li>Oak<li>Ash</ul>", "<ul><li>Oak</li><li>Ash</li></ul>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<!-- note --><b>Oak", "<b>Oak</b>"),
    ],
)
def test_only_what_is_on_the_list_is_left(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe
    assert clean(safe) == safe


def test_a_description_is_cleaned_once_more_when_it_is_shown() -> None:
    template = engines["pages"].from_string("{{ text|safe_html }}")
    assert template.render({"text": "<p>Oak</p><script>alert(1)</script>"}) == "<p>Oak</p>"
