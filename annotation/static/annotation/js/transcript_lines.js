// Lines stand in groups (the browser lays out a group at a time); who walks over them need not know.
export const linesOf = (list) => list.getElementsByClassName("line"); // in the order of time

/** The line after (1) or before (-1) this one. */
export function lineBeside(row, direction) {
  if (direction > 0) return row.nextElementSibling ?? row.parentElement.nextElementSibling?.firstElementChild;
  return row.previousElementSibling ?? row.parentElement.previousElementSibling?.lastElementChild;
}
