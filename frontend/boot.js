// Runs before the first paint: sets the theme, then loads the app and says so
// when that fails. Small on purpose: the page waits for it.
//
// The theme: localStorage "calibr-theme" is "light" or "dark" where a person
// chose, and absent where the system decides. <html data-theme> always holds
// the one in force.
(() => {
  const page = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");

  const applyTheme = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("calibr-theme");
    } catch {
      // Storage is closed to this site: the system decides.
    }
    const system = darkSystem.matches ? "dark" : "light";
    page.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : system;
  };
  applyTheme();
  darkSystem.addEventListener("change", applyTheme);
  addEventListener("storage", applyTheme);

  page.dataset.boot = location.pathname.startsWith("/p/") ? "frame" : "plain";

  const failures = {
    unsupported: [
      "This browser is too old for Calibr Console",
      "It needs a current Chrome, Edge, Firefox or Safari. Update the browser, then reload.",
    ],
    unreachable: [
      "Calibr Console could not be loaded",
      "The connection was lost, or a new version was put in place just now. Nothing you saved is lost. Reload to try again.",
    ],
    stopped: [
      "Calibr Console stopped working",
      "What you saved is safe. Copy what you were typing if you need it, then reload to go on.",
    ],
  };

  const showFailure = (kind) => {
    const message = document.getElementById("boot-failure");
    if (!message || !message.hidden) return;
    const [title, advice] = failures[kind];
    message.querySelector("h1").textContent = title;
    message.querySelector("p").textContent = advice;
    const reload = message.querySelector("button");
    reload.addEventListener("click", () => location.reload());
    document.getElementById("boot-status")?.replaceChildren();
    page.dataset.boot = "failed";
    message.hidden = false;
    reload.focus();
  };

  const isCrash = (error) => globalThis.WebAssembly && error instanceof WebAssembly.RuntimeError;

  const start = async () => {
    if (!globalThis.WebAssembly) return showFailure("unsupported");
    const slow = setTimeout(() => {
      document.getElementById("boot-status").textContent = "Still loading. The connection is slow.";
    }, 8000);
    try {
      const glue = await import(document.getElementById("app-glue").href);
      await glue.default({ module_or_path: document.getElementById("app-wasm").href });
      document.getElementById("boot").remove();
    } catch (error) {
      console.error(error);
      if (error instanceof WebAssembly.CompileError) showFailure("unsupported");
      else showFailure(isCrash(error) ? "stopped" : "unreachable");
    } finally {
      clearTimeout(slow);
    }
  };

  // A crash of the app later on leaves a page that no longer answers.
  addEventListener("error", (event) => isCrash(event.error) && showFailure("stopped"));
  addEventListener("unhandledrejection", (event) => isCrash(event.reason) && showFailure("stopped"));
  addEventListener("DOMContentLoaded", start);
})();
