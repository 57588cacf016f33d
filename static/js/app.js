// Enhancement only: every page works without it. Each module finds its own elements by their data attributes.
import "./bulk.js";
import "./busy.js";
import "./copy.js";
import "./count.js";
import "./filters.js";
import "./job.js";
import "./menus.js";
import "./picker.js";
import "./rule.js";
import "./zone.js";
