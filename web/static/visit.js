// Everything works without this. With it: a refused form takes the focus, and
// a visit is announced two minutes before its end and leaves the screen at it.
"use strict";
(function () {
  var refused = document.querySelector("[data-focus]");
  if (refused) refused.focus();

  var bar = document.querySelector("[data-ends-in]");
  if (!bar) return;
  var end = Date.now() + Number(bar.dataset.endsIn) * 1000;
  var warning = bar.querySelector("[data-warning]");
  // A page that comes back from the browser's memory may be over: ask anew.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
  var timer = window.setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  function look() {
    var left = end - Date.now();
    if (left <= 0) {
      window.clearInterval(timer);
      window.location.replace(bar.dataset.ended);
    } else if (left <= 120000 && warning.hidden) {
      warning.hidden = false;
    }
  }
})();
