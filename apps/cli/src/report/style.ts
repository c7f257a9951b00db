/** Colours by Okabe and Ito, "Color Universal Design", 2008: apart for every kind of colour vision; lighter on dark. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --sheet: #ffffff; --ink: #1c1d22; --quiet: #62636d; --rule: #e3e1da; --main: #0072b2; --soft: #cfd3da; --good: #00664b; --good-paper: #e2f3ec;
  --line-0: #0072b2; --line-1: #c65300; --line-2: #007a5a; --line-3: #b0558a; }
@media (prefers-color-scheme: dark) { :root { --paper: #15161a; --sheet: #1e2026; --ink: #ecebe6; --quiet: #a2a3ad; --rule: #33353d; --main: #56b4e9; --soft: #474b55; --good: #6fd6b1; --good-paper: #17362d;
  --line-0: #56b4e9; --line-1: #f0a04b; --line-2: #4cc9a0; --line-3: #e29ac3; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Open Sans", sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.6rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0.8rem 0 0.6rem; text-wrap: balance; }
h2 { font-size: 1.4rem; line-height: 1.25; letter-spacing: -0.01em; margin: 3.2rem 0 0.4rem; }
h2 + .charts, h2 + .notes, h2 + .tables { margin-top: 0.9rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.35rem 0; }
.lead { font-size: 1.1rem; max-width: 46rem; }
.intro { max-width: 46rem; margin-bottom: 1.1rem; }
.quiet { color: var(--quiet); font-size: 0.85em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.strip { display: flex; gap: 0.5rem; overflow: hidden; }
.picture { image-rendering: pixelated; display: block; background: #fff; border-radius: 6px; width: 3rem; height: auto; aspect-ratio: 1; flex: none; }
.missing { display: grid; place-items: center; font-size: 1.5rem; line-height: 1; color: #1c1d22; overflow: hidden; }
.strip .picture { width: 2.75rem; }
svg image { image-rendering: pixelated; }
ul, ol { list-style: none; padding: 0; margin: 0; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); margin-top: 1.6rem; }
.card, .chart, .gallery > li { background: var(--sheet); border: 1px solid var(--rule); border-radius: 12px; padding: 1.1rem 1.2rem; }
.card h3 { color: var(--quiet); font-weight: 600; }
.figure { font-size: 2.9rem; font-weight: 700; letter-spacing: -0.03em; line-height: 1.1; color: var(--main); font-variant-numeric: tabular-nums; margin: 0.2rem 0 0.3rem; }
.card { display: flex; flex-direction: column; }
.card .bars { margin-top: auto; padding-top: 0.9rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.bars { width: 100%; border-collapse: separate; border-spacing: 0 0.3rem; font-size: 0.85rem; line-height: 1.25; }
.bars th { font-weight: 400; text-align: left; width: 8.6rem; padding-right: 0.6rem; }
.bars .value { width: 3.8rem; text-align: right; }
.bars .bar div { height: 0.8rem; min-width: 2px; border-radius: 3px; background: var(--soft); }
.bars .main .bar div { background: var(--main); }
.main th, .main td { font-weight: 650; }
.notes { display: grid; gap: 0.6rem; max-width: 46rem; }
.notes li { padding-left: 1rem; border-left: 3px solid var(--soft); }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.chart { margin: 0; min-width: 0; }
.chart figcaption { font-weight: 600; margin-bottom: 0.4rem; }
.chart > svg { width: 100%; height: auto; display: block; }
.grid path { stroke: var(--rule); stroke-width: 1; }
.axis text { fill: var(--quiet); font-size: 13px; font-variant-numeric: tabular-nums; }
.axis.y text { text-anchor: end; } .axis.x text { text-anchor: middle; }
.curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round; }
.dots { fill: none; stroke-width: 3; stroke-linecap: round; opacity: 0.22; }
.line-0 { stroke: var(--line-0); } .line-1 { stroke: var(--line-1); } .line-2 { stroke: var(--line-2); } .line-3 { stroke: var(--line-3); }
.curve.line-1 { stroke-dasharray: 8 4; } .curve.line-2 { stroke-dasharray: 2 4.5; } .curve.line-3 { stroke-dasharray: 11 4 2 4; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.2rem; font-size: 0.88rem; margin-top: 0.4rem; }
.legend svg { width: 30px; height: 10px; margin-right: 0.45rem; }
.unit { margin: 0.3rem 0 0; }
.gallery { display: grid; gap: 0.8rem; }
.gallery.names { grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.name { display: flex; gap: 0.9rem; align-items: flex-start; }
.name .picture { width: 4.5rem; }
.name dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 0.7rem; margin: 0; min-width: 0; }
.name dt { color: var(--quiet); font-size: 0.85em; line-height: 1.65rem; } .name dd { margin: 0; overflow-wrap: anywhere; }
.gallery > li > p:first-child, .query p { margin: 0 0 0.2rem; } .search:not(.wide) .query .picture { margin-bottom: 0.35rem; }
.whole { white-space: nowrap; }
.truth { font-weight: 650; }
.pieces { display: flex; flex-wrap: wrap; row-gap: 0.25rem; }
.piece { border: 1px solid var(--rule); border-radius: 6px; padding: 0 0.4rem; margin-left: 0.35rem; line-height: 1.45rem; font-size: 0.9rem; color: var(--quiet); position: relative; }
.piece:first-child { margin-left: 0; }
.piece.joined { margin-left: 1px; }
.piece.right { border-color: var(--good); background: var(--good-paper); color: var(--good); font-weight: 650; }
.tick { width: 0.75em; height: 0.75em; margin-right: 0.3em; } .tick path { fill: none; stroke: var(--good); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.gallery.patches { grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.views { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.6rem; margin-top: 0.4rem; }
.views figure, .maps figure { margin: 0; text-align: center; min-width: 0; }
.views svg { width: 100%; display: block; border-radius: 6px; background: #fff; }
.views figcaption, .maps figcaption { font-size: 0.82rem; line-height: 1.3; margin-top: 0.25rem; overflow-wrap: anywhere; }
.views rect { fill: none; stroke-width: 0.5; } .views rect.right { stroke: #00664b; } .views rect.wrong { stroke: #8a8b93; stroke-dasharray: 0.9 0.7; }
.tick-mark, .tick-halo { fill: none; stroke-linecap: round; stroke-linejoin: round; } .tick-halo { stroke: #fff; stroke-width: 1.7; } .tick-mark { stroke: #00664b; stroke-width: 0.8; }
.maps { display: flex; flex-wrap: wrap; gap: 0.7rem; margin-top: 0.4rem; }
.maps figure { width: 5.6rem; } .maps .picture { width: 100%; }
.gallery.attentions { grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
.gallery.searches { grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.search { display: flex; gap: 1rem; align-items: flex-start; }
.query { width: 5.5rem; flex: none; font-size: 0.9rem; line-height: 1.3; overflow-wrap: anywhere; }
.query .picture { width: 5.5rem; }
.answers { flex: 1; min-width: 0; display: grid; gap: 0.25rem; }
.answers li { display: flex; align-items: center; gap: 0.55rem; border: 2px solid transparent; border-radius: 8px; padding: 0.1rem 0.4rem 0.1rem 0.1rem; line-height: 1.25; font-size: 0.92rem; }
.answers li > span { min-width: 0; overflow-wrap: anywhere; } .answers li > .quiet { margin-left: auto; }
.answers .picture { width: 2.1rem; } .answers .missing { font-size: 1.1rem; }
.answers .right { border-color: var(--good); background: var(--good-paper); font-weight: 650; }
.wide .answers { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 0.4rem; }
.wide .answers li { flex-direction: column; gap: 0.2rem; padding: 0.25rem; text-align: center; font-size: 0.78rem; justify-content: flex-start; }
.wide .answers .picture { width: 100%; max-width: 4.5rem; } .wide .answers li > .quiet { margin: auto auto 0; }
.scroll { overflow-x: auto; }
.figures, .facts { background: var(--sheet); border: 1px solid var(--rule); font-size: 0.92rem; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: 0 0 0.5rem; }
.figures th, .figures td, .facts th, .facts td { padding: 0.4rem 0.8rem; border-bottom: 1px solid var(--rule); text-align: left; font-weight: 400; }
.figures td, .figures thead th { text-align: right; white-space: nowrap; } .figures thead th:first-child { text-align: left; }
.figures thead th, .facts th { color: var(--quiet); } .figures .main th, .figures .main td { font-weight: 650; } .figures tfoot th, .figures tfoot td { font-weight: 650; border-bottom: 0; }
.figures th[scope="colgroup"] { text-align: center; border-left: 1px solid var(--rule); }
.tables { display: grid; gap: 0 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); align-items: start; }
.tables table { width: 100%; }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--quiet); font-size: 0.85rem; }
footer a { color: inherit; }
@media (max-width: 40rem) { body { font-size: 0.97rem; } main, header, footer { padding-left: 0.9rem; padding-right: 0.9rem; } h2 { margin-top: 2.4rem; } .card, .chart, .gallery > li { padding: 0.85rem 0.9rem; }
  .search.wide { flex-direction: column; gap: 0.5rem; } .wide .query { width: auto; display: flex; gap: 0.7rem; align-items: baseline; } .wide .answers { width: 100%; } .query, .query .picture { width: 4.2rem; }
  .figures th, .figures td, .facts th, .facts td { padding: 0.35rem 0.5rem; } .views { gap: 0.4rem; } .maps figure { width: 4.6rem; } .wide .answers li { font-size: 0.7rem; } }
@media print { :root { --paper: #fff; --sheet: #fff; --ink: #000; --quiet: #555; --rule: #ccc; --main: #0072b2; --soft: #ccc; --good: #00664b; --good-paper: #fff; --line-0: #0072b2; --line-1: #c65300; --line-2: #007a5a; --line-3: #b0558a; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } body { font-size: 10pt; } h2 { break-after: avoid; } .card, .chart, .gallery > li, table, tr { break-inside: avoid; } }
`;
