"use strict";
// Sorts tables and shows one operation at a time. Without it all tables stand on the page, in the order of their ranks.
(function () {
  const number = (cell) => parseFloat(cell.firstChild ? cell.firstChild.textContent.replace("< ", "").replace("> ", "") : "");
  function compare(column, down) {
    return (a, b) => {
      const x = a.cells[column], y = b.cells[column];
      if (column === 1) { const order = x.textContent.localeCompare(y.textContent); return down ? -order : order; }
      const p = number(x), q = number(y);
      if (isNaN(p) || isNaN(q)) { return (isNaN(p) ? 1 : 0) - (isNaN(q) ? 1 : 0); }
      return down ? q - p : p - q;
    };
  }
  function sortable(table) {
    const heads = Array.from(table.tHead.rows[0].cells), body = table.tBodies[0];
    const first = Array.from(body.rows);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        const down = was === null || was === "none" ? column > 1 : was === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = column === 0 ? (down ? first.slice().reverse() : first.slice()) : first.slice().sort(compare(column, down));
        rows.forEach((row) => body.appendChild(row));
      });
    });
  }
  function switchable(group) {
    const parts = Array.from(group.querySelectorAll(":scope > .operation"));
    if (parts.length < 2) { return; }
    const bar = document.createElement("div");
    bar.className = "switch";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "operation");
    const buttons = parts.map((part) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = part.dataset.name;
      bar.appendChild(button);
      return button;
    });
    function show(chosen) {
      parts.forEach((part, i) => { part.hidden = i !== chosen; buttons[i].setAttribute("aria-pressed", String(i === chosen)); });
    }
    buttons.forEach((button, i) => button.addEventListener("click", () => show(i)));
    group.insertBefore(bar, parts[0]);
    group.classList.add("switched");
    show(0);
  }
  document.querySelectorAll("table.board").forEach(sortable);
  document.querySelectorAll(".group").forEach(switchable);
})();
