// The site's worker: the model, and what the lesson's chapters ask of it.

import { LESSON_PARTS } from "../../browser_model/lesson/parts.js";
import { serveModel } from "../../browser_model/serve.js";

serveModel({
  lesson: ({ checkpoint }, { part, ...given }) => LESSON_PARTS[part](checkpoint, given),
});
