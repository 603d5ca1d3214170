// The proof of work that the gate may ask for: the number whose SHA-256 behind
// the salt is the challenge (ALTCHA's protocol), found while the visitor types.
// Where the browser cannot find it, the form's way without scripts is opened.
"use strict";
(function () {
  // Hashes between two pauses. Without pauses WebCrypto's answers go before
  // every key and every frame, and the page stands still; a thousand take some
  // 15 ms, and 100 ms on a plain phone.
  var SLICE = 1000;
  // WebCrypto is there over https and on localhost only.
  var crypto = window.crypto && window.crypto.subtle;
  if (crypto) {
    document.querySelectorAll("[data-scripted]").forEach(function (part) { part.hidden = false; });
  }
  var form = document.querySelector("form[data-challenge]");
  if (!form) return;

  var told = form.querySelector("[data-running]");
  var field = form.elements.altcha;
  var waiting = false, over = false, pressed;
  field.value = ""; // some browsers write back what stood there before a reload
  form.addEventListener("click", function (event) { pressed = event.target; }); // the return key clicks, too
  form.addEventListener("submit", function (event) {
    // The other buttons draw the form anew and need no work.
    if (over || pressed && pressed.name === "do") return;
    event.preventDefault();
    waiting = true;
    told.textContent = told.dataset.waiting;
  });

  Promise.resolve().then(function () {
    return solve(JSON.parse(form.dataset.challenge));
  }).then(function (payload) {
    over = true;
    field.value = payload;
    if (waiting) form.submit();
    else told.textContent = told.dataset.done;
  }, function () {
    over = true;
    var other = form.querySelector("noscript");
    told.parentNode.hidden = true;
    other.insertAdjacentHTML("afterend", other.textContent);
  });

  function solve(c) {
    var goal = Array.from(c.challenge.match(/../g), function (hex) { return parseInt(hex, 16); });
    var encoder = new TextEncoder(), quarter = -1;
    return from(0);

    function from(first) {
      var hashes = [];
      for (var n = first; n < first + SLICE && n <= c.maxNumber; n++) {
        hashes.push(crypto.digest(c.algorithm, encoder.encode(c.salt + n)));
      }
      if (!hashes.length) throw new Error("no number solves the challenge");
      tell(first);
      return Promise.all(hashes).then(function (found) {
        for (var i = 0; i < found.length; i++) {
          if (same(new Uint8Array(found[i]))) return packed(first + i);
        }
        return pause().then(function () { return from(first + SLICE); });
      });
    }

    // tell speaks four times at most: a reader says each change aloud.
    function tell(first) {
      var now = Math.floor(4 * first / c.maxNumber);
      if (now === quarter || waiting) return;
      quarter = now;
      told.textContent = told.dataset.running.replace("{0}", 25 * now);
    }

    function same(hash) {
      return goal.length === hash.length && goal.every(function (b, i) { return b === hash[i]; });
    }

    function packed(number) {
      return btoa(JSON.stringify({ algorithm: c.algorithm, challenge: c.challenge, number: number, salt: c.salt, signature: c.signature }));
    }
  }

  function pause() {
    return new Promise(function (go) { window.setTimeout(go, 0); });
  }
})();
