// What the checks found, from the answers of the API: all of them in one form.

/** The severities of findings, the worst first. */
export const SEVERITIES = ["bad", "warn", "info", "good"];

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" };

/** Return a description of a feature without its markup. */
export function plainText(markup) {
  return markup.replace(/<[^>]*>/g, "").replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
}

/** Return the names of the mail programs with one kind of support. */
function programs(results, support) {
  return results.filter((each) => each.Support === support).map((each) => each.Name);
}

/**
 * Return what the HTML check found.
 * @param {Object} answer - of `html-check`.
 * @param {function(string, Object=): string} t - returns a text of the language file.
 * @returns {{severity: string, title: string, text: string, url: string, more:
 *   {label: string, items: string[]}[]}[]}
 */
export function htmlFindings(answer, t) {
  return answer.Warnings.map(({ Title, Description, URL, Results, Score }) => {
    const share = { n: Math.round(Score.Unsupported), partial: Math.round(Score.Partial) };
    return {
      severity: Score.Unsupported >= 50 ? "bad" : Score.Unsupported >= 10 ? "warn" : "info",
      title: Title,
      text: [t("checks.found", { n: Score.Found }), t("checks.share", share), plainText(Description)].join(" "),
      url: URL,
      more: [
        { label: t("checks.unsupported"), items: programs(Results, "no") },
        { label: t("checks.partial"), items: programs(Results, "partial") },
      ].filter(({ items }) => items.length),
    };
  });
}

/** Return what the link check found; see `htmlFindings`. */
export function linkFindings(answer, t) {
  return answer.Links.map(({ URL, StatusCode, Status }) => {
    const [severity, meaning] = gradeOfLink(StatusCode);
    return { severity, title: URL, text: `${StatusCode || ""} ${Status}: ${t(meaning)}`.trim(), url: "", more: [] };
  });
}

function gradeOfLink(status) {
  // 451 stands for a host that the settings do not allow.
  if (status === 451) return ["info", "link.blocked"];
  if (status === 0) return ["bad", "link.silent"];
  if (status >= 400) return ["bad", "link.refused"];
  return status >= 300 ? ["warn", "link.moved"] : ["good", "link.good"];
}

/** Return what the spam check found; see `htmlFindings`. */
export function spamFindings(answer, t) {
  const rules = [...(answer.Rules ?? [])].sort((one, other) => other.Score - one.Score);
  return rules.map(({ Score, Name, Description }) => ({
    severity: Score >= 1 ? "bad" : Score > 0 ? "warn" : Score < 0 ? "good" : "info",
    title: `${Score} ${Name}`,
    text: Description || t("checks.no-description"),
    url: "",
    more: [],
  }));
}

/** Return the worst severity of findings; "good" if there are none. */
export function worstOf(findings) {
  return SEVERITIES.find((each) => findings.some(({ severity }) => severity === each)) ?? "good";
}
