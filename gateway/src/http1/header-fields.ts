/** The header fields of one message in their order: lower-case names, each once, and latin1 values. */
export class HeaderFields {
  readonly names: string[] = []
  readonly values: string[] = []

  static from(record: Readonly<Record<string, string>>): HeaderFields {
    const fields = new HeaderFields()
    for (const name in record) fields.add(name, record[name] as string)
    return fields
  }

  get(name: string): string | undefined {
    // A dozen comparisons cost less than building a table that is asked four times.
    const at = this.names.indexOf(name)
    return at === -1 ? undefined : this.values[at]
  }

  /** Appends a field. The name must not be there yet. */
  add(name: string, value: string): void {
    this.names.push(name)
    this.values.push(value)
  }

  /** A new object without a prototype. */
  toRecord(): Record<string, string> {
    const record: Record<string, string> = Object.create(null)
    for (let at = 0; at < this.names.length; at += 1)
      record[this.names[at] as string] = this.values[at] as string
    return record
  }
}
