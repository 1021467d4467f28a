// From the fragment to a view. Every view has an address, so that links, bookmarks and the back button work.

function parse(fragment) {
  const [path, query = ""] = fragment.replace(/^#/, "").split("?");
  const [view, ...args] = path.split("/").map(decodeURIComponent);
  const parameters = Object.fromEntries(query.split("&").filter(Boolean).map((pair) => {
    const [key, ...rest] = pair.split("=");
    return [key, decodeURIComponent(rest.join("="))];
  }));
  return { view, args: args.filter((part) => part !== ""), parameters };
}

/** Whether a fragment leads to something. */
function leadsSomewhere(fragment) {
  try {
    const { view, args, parameters } = parse(fragment);
    return view === "main" || view === "" || Boolean(Object.hasOwn(views, view) && views[view].has(args, parameters));
  } catch {
    return false;
  }
}

let hasBegun = false;

function show() {
  const fragment = leadsSomewhere(location.hash) ? location.hash || "#passes" : null;
  const { view, args, parameters } = parse(fragment ?? "#passes");
  const sections = [...document.querySelectorAll("main > section")];
  const section = document.getElementById(view);
  const isOther = section.hidden;
  for (const other of sections) other.hidden = other !== section;
  const title = views[view].show(section, args, parameters) ?? views[view].title;
  document.title = `${title} - ${record.graph}`;
  document.querySelectorAll("nav a").forEach((anchor) => {
    if (anchor.getAttribute("href") === `#${view}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  });
  if (fragment === null) announce(`There is no ${location.hash}; these are the passes.`);
  if (isOther) window.scrollTo(0, 0);
  // What had the focus may be gone: go on from the beginning of what is new.
  if (hasBegun && (document.activeElement ?? document.body) === document.body) document.getElementById("main").focus({ preventScroll: true });
  if (fragment !== null && isOther && hasBegun && view !== "find") announce(title);
  hasBegun = true;
}

const query = document.getElementById("query");
let waiting = 0;

/** The first letter of a search makes an address of its own; the others change it. */
function search() {
  const target = ref("find", [], { q: query.value });
  if (parse(location.hash).view === "find") {
    history.replaceState(null, "", target);
    show();
  } else location.hash = target;
}

query.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, 120);
});
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  search();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")) return;
  event.preventDefault();
  query.focus();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
window.addEventListener("hashchange", show);
// What tests ask.
window.inspector = { leadsSomewhere };
show();
