/** A model's name as it is compared: case and `_` for `-` do not matter. */
export function spelling(name: string): string {
  return name.trim().toLowerCase().replaceAll("_", "-");
}
