export async function resetCalls() {}
