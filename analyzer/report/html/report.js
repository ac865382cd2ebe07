'use strict';
(function () {
  var table = document.getElementById('table');
  var rows = table ? Array.prototype.slice.call(table.tBodies[0].rows) : [];
  var heads = table ? Array.prototype.slice.call(table.tHead.rows[0].cells) : [];
  var text = document.getElementById('filter-text');
  var picks = Array.prototype.slice.call(document.querySelectorAll('select[data-filter]'));
  var shown = document.getElementById('shown');

  function value(row, column) {
    var cell = row.cells[column];
    return cell.hasAttribute('data-v') ? Number(cell.getAttribute('data-v')) : cell.textContent.toLowerCase();
  }
  function sort(column) {
    var head = heads[column], down = head.getAttribute('aria-sort') === 'ascending' ||
      (head.getAttribute('aria-sort') !== 'descending' && head.classList.contains('n'));
    heads.forEach(function (h) { if (h.hasAttribute('aria-sort')) { h.setAttribute('aria-sort', 'none'); } });
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    rows.sort(function (a, b) {
      var x = value(a, column), y = value(b, column);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
  }
  function filter() {
    var wanted = text.value.trim().toLowerCase(), all = [0, 0], count = [0, 0];
    rows.forEach(function (row) {
      var article = document.getElementById(row.getAttribute('data-for'));
      var fits = (!wanted || row.textContent.toLowerCase().indexOf(wanted) >= 0 ||
          (article && article.textContent.toLowerCase().indexOf(wanted) >= 0)) &&
        picks.every(function (pick) {
          return !pick.value || row.getAttribute('data-' + pick.getAttribute('data-filter')) === pick.value;
        });
      row.classList.toggle('hide', !fits);
      if (article) { article.classList.toggle('hide', !fits); }
      var kind = row.getAttribute('data-counts') === '1' ? 0 : 1;
      all[kind] += 1;
      count[kind] += fits ? 1 : 0;
    });
    shown.textContent = shown.getAttribute('data-text').replace('{1}', count[0]).replace('{2}', all[0])
      .replace('{3}', count[1]).replace('{4}', all[1]);
  }
  function fold(open) {
    document.querySelectorAll('details').forEach(function (d) { d.open = open; });
  }
  heads.forEach(function (head, column) {
    var button = head.querySelector('button');
    if (button) { button.addEventListener('click', function () { sort(column); }); }
  });
  if (text) {
    text.addEventListener('input', filter);
    picks.forEach(function (pick) { pick.addEventListener('change', filter); });
    filter();
  }
  [['unfold', true], ['fold', false]].forEach(function (pair) {
    var button = document.getElementById(pair[0]);
    if (button) { button.addEventListener('click', function () { fold(pair[1]); }); }
  });
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('article').forEach(function (a) { var d = a.querySelector('details'); if (d) { d.open = true; } });
  });
})();
