// Settings that htmx reads while it loads: this module stands before it.
//
// Its sheet for indicators is ours already, it must not ask other origins, and no attribute of
// another prefix is looked at.

const settings = {
  includeIndicatorCSS: false,
  mode: "same-origin",
  prefix: "",
  extensions: "salus",
  defaultTimeout: 30_000,
  history: false,
};

const meta = document.createElement("meta");
meta.name = "htmx-config";
meta.content = JSON.stringify(settings);
document.head.append(meta);
