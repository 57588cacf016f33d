// Enhancement only: every page works without it. Each module finds its own elements by their data attributes.
import "./back.js";
import "./bulk.js";
import "./busy.js";
import "./copy.js";
import "./count.js";
import "./filters.js";
import "./job.js";
import "./keys.js";
import "./later.js";
import "./menus.js";
import "./palette.js";
import "./picker.js";
import "./reading.js";
import "./rule.js";
import "./unsaved.js";
import "./wait.js";
import "./zone.js";
