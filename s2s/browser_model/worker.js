// The worker of a page with one model.

import { serveModel } from "./serve.js";

serveModel();
