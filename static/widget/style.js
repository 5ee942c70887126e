/** How the widget looks. One adopted sheet, so that the page needs no `style-src` for it. */
export const CSS = `
:host{all:initial;display:block;position:relative;block-size:600px}
:host(:not([inline])){all:initial!important;display:block!important;position:fixed!important;inset:auto 0 0 auto!important;z-index:2147483000!important}
:host([hidden]){display:none!important}
@media print{:host(:not([inline])){display:none!important}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
.root{--shade:0 0 0 1px rgb(15 20 30/.06),0 4px 10px rgb(15 20 30/.06),0 18px 48px rgb(15 20 30/.18);
 color-scheme:light;color:var(--text);font:400 15px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;text-align:start;-webkit-text-size-adjust:100%}
:host([inline]) .root{block-size:100%}
.dark{--shade:0 0 0 1px rgb(255 255 255/.09),0 18px 48px rgb(0 0 0/.6);color-scheme:dark}
button,input,textarea{font:inherit;color:inherit;margin:0}
button{background:none;border:0;padding:0;cursor:pointer;text-align:start;-webkit-tap-highlight-color:transparent}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block;flex:none;inline-size:20px;block-size:20px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launcher{position:fixed;bottom:var(--y);right:var(--x);display:grid;place-items:center;inline-size:58px;block-size:58px;border-radius:50%;background:var(--brand);color:var(--on-brand);
 border:1px solid var(--rim);box-shadow:0 2px 6px rgb(15 20 30/.16),0 10px 28px rgb(15 20 30/.24);transition:transform .16s ease}
.launcher.wide{display:flex;align-items:center;gap:10px;inline-size:auto;max-inline-size:calc(100vw - 2*var(--x));padding-inline:18px 24px;border-radius:29px;font-weight:600}
.label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.launcher:hover{transform:translateY(-2px)}
.launcher svg{inline-size:26px;block-size:26px}
.launcher:focus-visible{outline-offset:3px;outline-width:3px}
.launcher.news::after{content:"";position:absolute;top:0;right:0;inline-size:16px;block-size:16px;border-radius:50%;background:#d92d20;border:3px solid #fff}
.panel{display:flex;flex-direction:column;overflow:hidden;background:var(--surface);border-radius:18px;box-shadow:var(--shade);position:relative;block-size:100%}
:host(:not([inline])) .panel{position:fixed;bottom:calc(var(--y) + 72px);right:var(--x);inline-size:400px;max-inline-size:calc(100vw - 2*var(--x));block-size:min(660px,calc(100dvh - var(--y) - 96px));
 animation:rise .2s cubic-bezier(.2,.8,.3,1);transform-origin:bottom right}
.left .launcher{right:auto;left:var(--x)}
.top .launcher{bottom:auto;top:var(--y)}
:host(:not([inline])) .left .panel{right:auto;left:var(--x);transform-origin:bottom left}
:host(:not([inline])) .top .panel{bottom:auto;top:calc(var(--y) + 72px);transform-origin:top}
.still .panel{animation:none!important}
@keyframes rise{from{opacity:0;transform:translateY(10px) scale(.98)}}
header{display:flex;align-items:center;gap:12px;flex:none;padding-block:15px;padding-inline:20px 14px;background:var(--brand);color:var(--on-brand);border-block-end:1px solid var(--rim)}
header :focus-visible{outline-color:var(--on-brand)}
header div{flex:1;min-inline-size:0}
.logo{inline-size:36px;block-size:36px;border-radius:8px;flex:none}
h2{margin:0;font-size:16px;line-height:1.35;font-weight:650;letter-spacing:-.005em;overflow-wrap:anywhere;text-align:-webkit-match-parent;text-align:match-parent}
header p{margin:0;font-size:13px;line-height:1.4}
.icon{display:grid;place-items:center;inline-size:36px;block-size:36px;border-radius:10px;flex:none}
header .icon:hover{background:color-mix(in srgb,currentColor 14%,transparent)}
.log{flex:1;min-block-size:0;overflow-y:auto;overscroll-behavior:contain;padding:20px;display:flex;flex-direction:column;gap:16px;scrollbar-width:thin;overflow-wrap:anywhere}
.log:focus-visible{outline-offset:-3px}
.log>*{flex:none}
.log p,.log ul,.log ol{margin:0 0 10px;padding:0}
.log p{white-space:pre-line}
.text>:last-child{margin-block-end:0}
.text ul,.text ol{padding-inline-start:22px}
.text li{margin-block-end:4px;padding-inline-start:2px}
.text li::marker{color:var(--muted)}
.text pre{margin:0 0 10px;padding:10px 12px;border:1px solid var(--line);border-radius:10px;background:var(--raised);overflow-x:auto}
.text pre code{padding:0;border:0;background:none;white-space:pre}
.text a{color:var(--accent);font-weight:600;text-underline-offset:3px}
.text a svg{display:inline-block;inline-size:14px;block-size:14px;margin-inline-start:3px;vertical-align:-2px}
code{font:.88em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--raised);border:1px solid var(--line);border-radius:5px;padding:1px 5px}
.chips{display:flex;flex-direction:column;align-items:flex-start;gap:8px}
.chip{padding:8px 14px;border:1px solid var(--line);border-radius:12px;font-size:14px;line-height:1.4;color:var(--accent);font-weight:550;transition:background .12s}
.ask-person{display:flex;align-items:center;gap:8px;margin-block-start:12px}
.ask-person svg,.person svg,.note svg{inline-size:16px;block-size:16px}
.chip:hover{background:var(--raised);border-color:var(--edge)}
.asked{align-self:flex-end;max-inline-size:86%;padding:9px 14px;border-radius:16px;border-end-end-radius:5px;background:var(--brand);color:var(--on-brand);border:1px solid var(--rim);white-space:pre-wrap}
.wait{display:flex;align-items:center;gap:10px;color:var(--muted);font-size:14px}
.dots{display:flex;gap:4px}
.dots i{inline-size:6px;block-size:6px;border-radius:50%;background:var(--accent);animation:pulse 1.2s infinite}
.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes pulse{0%,60%,100%{opacity:.25}30%{opacity:1}}
.cite{display:inline-grid;place-items:center;vertical-align:1px;inline-size:24px;block-size:24px;margin-block:-3px;margin-inline:-1px;border-radius:7px}
.num{display:inline-grid;place-items:center;min-inline-size:18px;block-size:18px;padding-inline:4px;border-radius:6px;background:var(--raised);border:1px solid var(--line);color:var(--accent);
 font-size:11px;line-height:1;font-weight:650;font-variant-numeric:tabular-nums;flex:none}
.keep{white-space:nowrap}
.cite:hover .num,[aria-expanded=true]>.num{background:var(--brand);color:var(--on-brand);border-color:var(--rim)}
.text .num{vertical-align:1px}.text :not(.cite)>.num{margin-inline:2px}
h3{margin:14px 0 6px;font-size:12px;line-height:1.4;font-weight:600;color:var(--muted)}
.log ul.sources{list-style:none;margin:0;border:1px solid var(--line);border-radius:12px;overflow:hidden}
.sources li+li{border-block-start:1px solid var(--line)}
.source{display:flex;align-items:center;gap:10px;inline-size:100%;padding:9px 12px;font-size:13.5px;line-height:1.4}
.source:hover{background:var(--raised)}
.source:focus-visible{outline-offset:-2px;border-radius:12px}
.source .name{flex:1;min-inline-size:0;text-align:-webkit-match-parent;text-align:match-parent}
.source b{font-weight:600}
.source .trail{color:var(--muted)}
.source svg{inline-size:16px;block-size:16px;color:var(--muted);transition:transform .16s}
.source[aria-expanded=true] svg{transform:rotate(180deg)}
.more{padding:2px 12px 12px;font-size:13.5px;line-height:1.55}
.log .more p{margin:0 0 8px;padding-inline-start:10px;border-inline-start:2px solid var(--line);color:var(--muted)}
.more a{display:inline-flex;align-items:center;gap:5px;min-block-size:24px;color:var(--accent);font-weight:600;text-underline-offset:3px}
.more svg{inline-size:15px;block-size:15px}
[dir=rtl] .more svg{transform:scaleX(-1)}
.rate{display:flex;align-items:center;gap:2px;margin-block-start:10px;color:var(--muted);font-size:13px;min-block-size:32px}
.rate span{margin-inline-end:6px}
.rate .icon{inline-size:32px;block-size:32px}
.rate svg{inline-size:18px;block-size:18px}
.rate .icon:hover{background:var(--raised);color:var(--text)}
.rate [aria-pressed=true]{color:var(--accent)}
.rate [aria-pressed=true] path{fill:color-mix(in srgb,currentColor 22%,transparent)}
.rate .down svg{transform:rotate(180deg)}
.unsure{padding:12px 14px;border-radius:12px;background:var(--raised);border:1px solid var(--line)}
.note{margin:8px 0 0;color:var(--muted);font-size:13px}
.fault{padding:12px 14px;border-radius:12px;border:1px solid var(--line);border-inline-start:3px solid var(--bad);font-size:14px;line-height:1.5}
.log .fault p{margin:0}
.plain,.solid{padding:6px 14px;border-radius:9px;border:1px solid var(--edge);font-weight:600;font-size:13.5px}
.plain:hover:enabled{background:var(--raised)}
.solid{background:var(--brand);color:var(--on-brand);border-color:var(--rim)}
.plain:disabled,.solid:disabled{background:none;border-color:var(--line);color:var(--muted);cursor:default}
.again{margin-block-start:10px}
.card{padding:14px;border:1px solid var(--line);border-radius:12px;background:var(--raised);font-size:14px}
.card h3{margin:0 0 2px;font-size:14.5px;color:var(--text)}
.card label{display:block;margin-block:8px 3px;font-weight:600;font-size:13px}
.card input,.card textarea{display:block;inline-size:100%;block-size:auto;padding:7px 10px;border:1px solid var(--edge);border-radius:9px;background:var(--surface);text-align:start}
.card [aria-invalid]{border-color:var(--bad)}
.log .card p{margin:0;font-size:13px;line-height:1.5;color:var(--muted)}
.log .card .trouble{color:var(--bad);font-weight:550}
.card .trouble:not(:empty){margin-block-start:8px}
.row{display:flex;gap:8px;margin-block-start:12px}
.log>div:has(>.asked){display:flex;flex-direction:column}
.log .sent{display:flex;align-items:center;gap:6px;align-self:flex-end;margin:6px 0 0}
.ask{flex:none;margin:0;padding:4px 14px 14px;padding-block-end:max(14px,env(safe-area-inset-bottom))}
.box{display:flex;align-items:flex-end;gap:6px;padding:5px;border:1px solid var(--edge);border-radius:16px;background:var(--surface)}
.box:has(textarea:focus-visible){border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
textarea{resize:none;scrollbar-width:thin}
.box textarea{flex:1;min-inline-size:0;border:0;background:none;padding-block:6px;padding-inline:11px 4px;max-block-size:132px;line-height:1.6;block-size:36px}
.box textarea:focus-visible{outline:none}
textarea::placeholder{color:var(--muted);opacity:1}
.send{background:var(--brand);color:var(--on-brand);border:1px solid var(--rim);border-radius:11px}
.send:disabled{background:var(--raised);color:var(--muted);border-color:var(--line);cursor:default}
.send .square{fill:currentColor}
.foot{display:flex;align-items:center;gap:12px;color:var(--muted);font-size:12.5px;line-height:1.3}
.person{display:flex;align-items:center;gap:6px;min-block-size:24px;margin-block-start:8px;padding-inline:4px;border-radius:6px;font-weight:550}
.person:hover{color:var(--text);text-decoration:underline;text-underline-offset:3px}
.left-over{margin:8px 4px 0;margin-inline-start:auto;font-size:12px}
@media(max-width:480px){
 :host(:not([inline])) .root .panel{top:var(--top,0);left:0;right:0;bottom:auto;inline-size:100%;max-inline-size:none;block-size:var(--tall,100dvh);border-radius:0}
 :host(:not([inline])) header{padding-block-start:max(15px,env(safe-area-inset-top))}
 .open .launcher{display:none}
 input,textarea{font-size:16px!important}
}
@media(prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important;scroll-behavior:auto!important}.dots i{opacity:.6}}
@media(forced-colors:active){.panel,.launcher,.asked{border:1px solid CanvasText}}
`;
