import Foundation

/// Pieces of a page that needs no other file and no script.
enum HTML {
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  static func page(_ title: String, language: Language, _ body: [String]) -> String {
    """
    <!DOCTYPE html>
    <html lang="\(language.rawValue)">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>\(style)</style>
    </head>
    <body>
    <main>
    \(body.joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  static func table(_ header: [String], _ rows: [[String]], classes: [String] = []) -> String {
    // On a phone each row of three or more cells becomes lines, each cell with its column's title; claims need none.
    let isStacked = header.count > 2
    var text = "<div class=\"wide\"><table\(isStacked ? " class=\"stack\"" : "")><thead><tr>"
    for cell in header { text += "<th>\(cell)</th>" }
    text += "</tr></thead><tbody>"
    for (index, row) in rows.enumerated() {
      let name = index < classes.count ? " class=\"\(classes[index])\"" : ""
      let cells = row.enumerated().map { place, cell in
        let isNamed = isStacked && place < header.count && (place > 0 || classes.isEmpty)
        return "<td\(isNamed ? " data-label=\"\(header[place])\"" : "")>\(cell)</td>"
      }
      text += "<tr\(name)>\(cells.joined())</tr>"
    }
    return text + "</tbody></table></div>"
  }

  private static let style = """
    :root { color-scheme: light dark; --text: #1c1c1e; --paper: #ffffff; --line: #d0d0d5; --soft: #f2f2f5;
      --good: #1a7f37; --bad: #b3261e; --odd: #9a6700; --quiet: #6b6b70; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #ececf0; --paper: #17171a; --line: #3a3a40; --soft: #232328; --good: #56d364; --bad: #ff8a80;
        --odd: #e3b341; --quiet: #a0a0a8; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
    main { max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
    h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2rem; }
    a { color: inherit; } .quiet { color: var(--quiet); }
    .wide, pre { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
    th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .8rem; } dt { font-weight: 600; } dd { margin: 0; }
    pre { background: var(--soft); padding: .7rem; border-radius: .4rem; font-size: .8rem; line-height: 1.4; }
    figure { margin: 1.2rem 0; } figcaption { font-size: .9rem; color: var(--quiet); margin-top: .3rem; }
    .plot { background: #ffffff; border-radius: .4rem; padding: .3rem; } .plot svg { width: 100%; max-width: 36rem;
      height: auto; display: block; margin: 0 auto; }
    .strip { display: grid; grid-template-columns: 5.5rem 1fr; gap: .5rem; align-items: center; margin: .25rem 0;
      font-size: .85rem; }
    .strip img { image-rendering: pixelated; } .strip.bare { grid-template-columns: 1fr; }
    .pass .status { color: var(--good); } .fail .status { color: var(--bad); } .refuted .status { color: var(--odd); }
    .skipped .status { color: var(--quiet); } .status { font-weight: 600; }
    @media (min-width: 34.01rem) { .stack td:not(:first-child) { white-space: nowrap; } }
    @media (max-width: 34rem) {
      pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .72rem; }
      .stack thead { display: none; }
      .stack tr { display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
      .stack td { border: 0; padding: 0; } .stack td:first-child { flex-basis: 100%; }
      .stack td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); font-weight: 400; } }
    .decision { border-left: .3rem solid var(--line); background: var(--soft); padding: .6rem 1rem; border-radius: .4rem; }
    """
}
