/** The whole style of an exported page. Its hash stands in the page's Content-Security-Policy. */
export const htmlStyle = `:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#2563c9}
@media(prefers-color-scheme:dark){:root{--accent:#82b1ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:52rem;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.2rem;margin:2.5rem 0 1rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:2rem 0 .5rem;opacity:.75}
h4{font-size:.875rem;margin:0 0 .25rem;font-weight:600}
h4 small,h3 small{font-weight:400;opacity:.7}
a{color:inherit;text-decoration:none}
a:hover{text-decoration:underline}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0;font-size:.875rem}
dt{opacity:.7}
dd{margin:0}
article{margin:.75rem 0;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.375rem}
article:target{outline:2px solid var(--accent)}
article.sub{margin-left:1.5rem}
.prompt{border-left:4px solid var(--accent);background:var(--soft)}
.error,.failed{border-left:4px solid #c33}
.thinking,.notice,.compaction{border-style:dashed}
.text{white-space:pre-wrap;unicode-bidi:isolate}
.tool_call .text,.tool_result .text,.error .text,.attachment .text{font:.8125rem/1.45 ui-monospace,monospace}
summary{cursor:pointer;font-size:.875rem}
table{border-collapse:collapse;font-size:.875rem;display:block;overflow-x:auto}
th,td{padding:.2rem .6rem;border:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
@media(max-width:40rem){body{padding:.5rem}dl{display:block}dd{margin:0 0 .4rem}article.sub{margin-left:.5rem}}
@media print{body{max-width:none;font-size:10pt}article{break-inside:auto}h2,h3,h4{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}}`;
