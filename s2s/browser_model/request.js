// Fields of a request, checked one by one as ``s2s/web/shell/request.py`` checks them.

import { UserError } from "./errors.js";
import { lengthOf } from "./text/clean.js";

const MAX_FIELD = 400; // characters of a text

export function textField(request, name, longest = MAX_FIELD) {
  const value = request[name];
  if (typeof value !== "string" || lengthOf(value) > longest) throw new UserError("request_broken");
  return value;
}

export function wholeField(request, name, low, high) {
  const value = request[name];
  if (!Number.isInteger(value) || value < low || value > high) throw new UserError("request_broken");
  return value;
}
