exports.double = double

/** Twice. */
function double(value) {
  return 2 * value
}
