"use strict";
// Making nodes. All data becomes text nodes: nothing in this script turns a string into markup.

// Characters that are not seen, or that turn what stands around them: shown as escapes.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function str(value) {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function escapeOf(character) {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

// For titles of elements and of the page, where there can be no nodes.
function plain(value) {
  return str(value).replace(UNSEEN, escapeOf);
}

function appendText(parent, value) {
  const text = str(value);
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) parent.append(text.slice(from, found.index));
    const mark = document.createElement("span");
    mark.className = "esc";
    mark.textContent = escapeOf(found[0]);
    parent.append(mark);
    from = found.index + 1;
  }
  if (from < text.length) parent.append(from ? text.slice(from) : text);
}

// el("p.soft", "text", child, ["many", "of", "them"]): strings are text; falsy children are left out.
// The part before the first comma is always a literal of ours.
function el(what, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const child of children.flat(Infinity)) {
    if (child instanceof Node) node.append(child);
    else if (typeof child === "string") appendText(node, child);
    else if (typeof child === "number") node.append(String(child));
  }
  return node;
}

// Sentences of the catalogue: what stands in `backticks` is code.
function prose(text) {
  return str(text).split(/`([^`]+)`/).map((part, i) => (i % 2 ? el("code", part) : part));
}

function button(what, action, ...children) {
  const node = el(what, ...children);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
}

// A <details> whose inside is made when it is first opened.
function later(what, head, make) {
  const node = el(what, el("summary", head));
  node.addEventListener("toggle", () => {
    if (node.open && node.childElementCount === 1) node.append(...[make()].flat());
  });
  return node;
}

function openNow(details) {
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
}

const NUMBERS = new Intl.NumberFormat("en");
function count(n, one, many) {
  return NUMBERS.format(n) + " " + (n === 1 ? one : many || one + "s");
}

function duration(ms) {
  if (typeof ms !== "number") return "";
  if (ms < 1000) return Math.round(ms) + " ms";
  if (ms < 60000) return (ms / 1000).toFixed(1) + " s";
  return Math.floor(ms / 60000) + " min " + Math.round((ms % 60000) / 1000) + " s";
}

function rerunLine(command) {
  if (!command) return null;
  const copy = button("button.tool", () => {
    const done = () => { copy.textContent = "Copied"; };
    if (navigator.clipboard) navigator.clipboard.writeText(command).then(done, () => select(code));
    else select(code);
  }, "Copy");
  copy.setAttribute("aria-label", "Copy the command that runs this case again");
  const code = el("code", command);
  return el("div.rerun", code, copy);
}

// Where a page from disk may not write to the clipboard: the user's own copy has it then.
function select(node) {
  getSelection().selectAllChildren(node);
}
