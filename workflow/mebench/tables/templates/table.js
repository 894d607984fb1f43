document.querySelectorAll(".mb-table").forEach(table => {
  const heads = [...table.querySelectorAll("thead tr:last-child th")];
  heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
    const text = head.classList.contains("mb-text");
    const upwards = text || "least" in head.dataset;  // names from A, figures from the best
    const first = upwards ? "ascending" : "descending";
    const rising = (head.getAttribute("aria-sort") === first) !== upwards;
    const sign = rising ? 1 : -1;
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const key = row => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter(row => row.cells.length > 1);
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return sign * (text ? x.localeCompare(y, "en") : x - y);
      });
      body.append(...rows);
    }
  }));
});
