// What a script adds to the page: tabs, tools above tables, and the panel of runs. Without it everything is shown.
document.documentElement.classList.add("js");

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// --- tabs: of the parts of a container one is shown
function tabs(container, number) {
  const panels = [...container.children].filter(child => child.dataset.tab);
  if (panels.length < 2) return;
  const label = container.dataset.tabs;
  const list = make("div", {role: "tablist", "aria-label": label, class: label === "Tasks" ? "tablist first" : "tablist"});
  const buttons = panels.map((panel, at) => {
    const id = panel.id || (panel.id = `panel-${number}-${at}`);
    const button = make("button", {type: "button", role: "tab", id: `tab-${id}`, "aria-controls": id}, panel.dataset.tab);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => show(at));
    list.append(button);
    return button;
  });
  function show(chosen) {
    panels.forEach((panel, at) => {
      panel.toggleAttribute("data-off", at !== chosen);
      buttons[at].setAttribute("aria-selected", at === chosen);
      buttons[at].tabIndex = at === chosen ? 0 : -1;
    });
  }
  list.addEventListener("keydown", event => {
    const at = buttons.indexOf(document.activeElement), last = buttons.length - 1;
    const to = {ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last}[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    show(to);
    buttons[to].focus();
  });
  panels.forEach((panel, at) => { panel.reveal = () => show(at); });
  container.prepend(list);
  show(0);
}
document.querySelectorAll("[data-tabs]").forEach(tabs);

// what a link leads to is shown before it is jumped to
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.classList.contains("run")) return open(target, "");
  for (let element = target; element; element = element.parentElement) {
    if (element.reveal) element.reveal();
    if (element.tagName === "DETAILS") element.open = true;
  }
  target.scrollIntoView({behavior: "instant"});
}

// --- the panel of runs
const panel = document.getElementById("run-panel");
const shown = document.getElementById("run-panel-body");
function open(run, figure) {
  document.getElementById("run-panel-title").textContent = run.dataset.title;
  document.getElementById("run-panel-figure").textContent = figure;
  shown.replaceChildren(...[...run.children].filter(child => child.tagName !== "H4").map(child =>
    child.tagName === "H5" ? make("h3", {}, child.textContent) : child.cloneNode(true)));
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
}
document.getElementById("run-panel-close").addEventListener("click", () => panel.close());
panel.addEventListener("click", event => { if (event.target === panel) panel.close(); });
panel.addEventListener("close", () => {
  if (location.hash.startsWith("#run-")) history.replaceState(null, "", location.pathname + location.search);
});
document.addEventListener("click", event => {
  const link = event.target.closest && event.target.closest('a[href^="#run-"]');
  const run = link && document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
  if (!run || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(run, link.dataset.figure || "");
});

// --- tables: figures open their runs, rows are filtered, columns are folded
function headings(table) {
  const groups = [];
  for (const cell of table.tHead.rows[0].cells) for (let n = 0; n < cell.colSpan; n++) groups.push(cell.textContent.trim());
  const names = [...table.tHead.rows[table.tHead.rows.length - 1].cells].map(cell => cell.textContent.trim());
  return {groups, names};
}

function linkFigures(table, taskOf) {
  const {groups, names} = headings(table);
  for (const row of table.querySelectorAll("tbody tr[data-model]")) {
    [...row.cells].forEach((cell, at) => {
      const run = `run-${taskOf[groups[at]]}-${row.dataset.model}`;
      if (!groups[at] || !cell.textContent.trim() || !document.getElementById(run)) return;
      const value = cell.firstElementChild && cell.firstElementChild.tagName === "B" ? cell.firstElementChild : cell.firstChild;
      const method = row.querySelector(".mb-method");
      const lines = [...cell.childNodes].map(node => node.textContent.trim()).filter(Boolean).join(" ");
      const what = `${names[at]}, ${groups[at]}: ${lines}`;
      const link = make("a", {class: "figure", href: `#${run}`, "data-figure": what});
      link.setAttribute("aria-label", `${value.textContent}: runs of ${method ? method.textContent : row.dataset.model}`);
      value.replaceWith(link);
      link.append(value);
    });
  }
}

function addTools(table, number) {
  const tools = make("div", {class: "tools", role: "group", "aria-label": "Rows and columns of the table"});
  const count = make("span", {role: "status"});
  const input = make("input", {type: "search", id: `filter-${number}`});
  tools.append(make("label", {for: input.id}, "Rows with"), input, count);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0, all = 0;
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter(row => row.cells.length > 1);
      rows.forEach(row => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(word => text.includes(word));
        all++;
        left += !row.hidden;
      });
      body.hidden = rows.every(row => row.hidden);
    }
    count.textContent = words.length ? `${left} of ${all} rows` : "";
  });
  const {groups} = headings(table);
  const parts = [...new Set(groups.filter(Boolean))];
  if (parts.length > 1) tools.append(folds(table, groups, parts, number));
  table.parentElement.before(tools);
}

function folds(table, groups, parts, number) {
  const set = make("fieldset", {}, make("legend", {}, "Columns of"));
  parts.forEach((part, at) => {
    const box = make("input", {type: "checkbox", id: `fold-${number}-${at}`});
    box.checked = true;
    box.addEventListener("change", () => {
      for (const row of table.rows) {
        if (row === table.tHead.rows[0]) {
          for (const cell of row.cells) if (cell.textContent.trim() === part) cell.hidden = !box.checked;
        } else if (row.cells.length > 1) {
          [...row.cells].forEach((cell, column) => { if (groups[column] === part) cell.hidden = !box.checked; });
        }
      }
    });
    set.append(make("label", {for: box.id}, box, ` ${part}`));
  });
  return set;
}

document.querySelectorAll(".mb-table").forEach((table, number) => {
  table.parentElement.tabIndex = 0;
  const section = table.closest("[data-task-of]");
  if (section) linkFigures(table, JSON.parse(section.dataset.taskOf));
  addTools(table, number);
});

// --- paper shows what is folded
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(part => { part.open = true; }));
addEventListener("hashchange", reveal);
reveal();
