package settings

import "strings"

// text is what a fault says in each language. {name} stands for an argument. Sentences are worded so that no plural
// form depends on a number.
type text struct{ en, ru string }

// texts has every code that a fault can carry.
var texts = map[string]text{
	// Keywords of the draft.
	"required":              {"this field is required", "обязательное поле"},
	"dependentRequired":     {"this field is required when {field} is given", "обязательное поле, когда заполнено {field}"},
	"type":                  {"must be: {type}", "ожидается: {type}"},
	"enum":                  {"must be one of: {allowed}", "допустимые значения: {allowed}"},
	"const":                 {"must be {allowed}", "допустимо только значение {allowed}"},
	"format":                {"is not a valid {format}", "неверный формат, ожидается {format}"},
	"pattern":               {"does not match the pattern {pattern}", "не соответствует шаблону {pattern}"},
	"minLength":             {"too short, the shortest length is {limit}", "слишком коротко, наименьшая длина: {limit}"},
	"maxLength":             {"too long, the longest length is {limit}", "слишком длинно, наибольшая длина: {limit}"},
	"minimum":               {"must be at least {limit}", "должно быть не меньше {limit}"},
	"maximum":               {"must be at most {limit}", "должно быть не больше {limit}"},
	"exclusiveMinimum":      {"must be greater than {limit}", "должно быть больше {limit}"},
	"exclusiveMaximum":      {"must be less than {limit}", "должно быть меньше {limit}"},
	"multipleOf":            {"must be a multiple of {limit}", "должно быть кратно {limit}"},
	"minItems":              {"too few entries, the least number is {limit}", "слишком мало элементов, наименьшее число: {limit}"},
	"maxItems":              {"too many entries, the greatest number is {limit}", "слишком много элементов, наибольшее число: {limit}"},
	"uniqueItems":           {"entries {first} and {second} are equal", "элементы {first} и {second} одинаковы"},
	"contains":              {"no entry is of the required kind", "нет ни одного подходящего элемента"},
	"minContains":           {"too few entries of the required kind, the least number is {limit}", "слишком мало подходящих элементов, наименьшее число: {limit}"},
	"maxContains":           {"too many entries of this kind, the greatest number is {limit}", "слишком много подходящих элементов, наибольшее число: {limit}"},
	"additionalItems":       {"unexpected entries at the end of the list: {count}", "лишние элементы в конце списка: {count}"},
	"unevaluatedItems":      {"unexpected entry", "лишний элемент"},
	"minProperties":         {"too few fields, the least number is {limit}", "слишком мало полей, наименьшее число: {limit}"},
	"maxProperties":         {"too many fields, the greatest number is {limit}", "слишком много полей, наибольшее число: {limit}"},
	"additionalProperties":  {"unknown field", "неизвестное поле"},
	"unevaluatedProperties": {"unknown field", "неизвестное поле"},
	"propertyNames":         {"this field name is not allowed", "недопустимое имя поля"},
	"anyOf":                 {"fits none of the allowed variants", "не подходит ни под один из допустимых вариантов"},
	"oneOf":                 {"fits none of the allowed variants", "не подходит ни под один из допустимых вариантов"},
	"oneOfMany":             {"fits several variants at once, must fit exactly one", "подходит сразу под несколько вариантов, нужен ровно один"},
	"not":                   {"this value is not allowed", "недопустимое значение"},
	"false":                 {"nothing is allowed here", "здесь ничего не должно быть"},
	"contentEncoding":       {"must be encoded as {encoding}", "ожидается кодировка {encoding}"},
	"contentMediaType":      {"must contain {mediaType}", "ожидается содержимое {mediaType}"},
	"contentSchema":         {"the encoded content is wrong", "закодированное содержимое неверно"},

	// Bounds and JSON itself.
	"syntax":     {"not valid JSON, at byte {offset}", "некорректный JSON, байт {offset}"},
	"utf8":       {"not valid Unicode text", "текст не является корректным Юникодом"},
	"duplicate":  {"this field is given twice", "поле указано дважды"},
	"size":       {"longer than {limit} bytes", "длиннее {limit} байт"},
	"nodes":      {"too many values, the greatest number is {limit}", "слишком много значений, наибольшее число: {limit}"},
	"depth":      {"nested too deep, the deepest level is {limit}", "слишком большая вложенность, предел: {limit}"},
	"number":     {"number too long: at most {limit} characters and an exponent within 400", "слишком длинное число: не больше {limit} знаков и порядок в пределах 400"},
	"complexity": {"too costly to check against this schema", "проверка по этой схеме слишком трудоёмка"},
	"timeout":    {"the check took too long", "проверка заняла слишком много времени"},
	"internal":   {"could not be checked", "не удалось проверить"},
	"secret":     {"a secret must be text", "секретное значение должно быть строкой"},
	"more":       {"more faults, not listed: {count}", "остальные ошибки не показаны: {count}"},

	// Schemas.
	"schema":        {"not a usable schema", "схему нельзя использовать"},
	"schemaDraft":   {"unknown draft: only 2020-12 and draft-07 are supported", "неизвестная версия: поддерживаются только 2020-12 и draft-07"},
	"schemaRemote":  {"refers outside the document", "ссылка за пределы документа"},
	"schemaRef":     {"refers to nothing", "ссылка в никуда"},
	"schemaID":      {"wrong or repeated identifier", "неверный или повторный идентификатор"},
	"schemaCycle":   {"refers to itself without end", "бесконечная ссылка на себя"},
	"schemaDynamic": {"a dynamic reference must have exactly one target", "динамическая ссылка должна вести ровно в одно место"},
	"schemaPattern": {"not a regular expression of RE2, or too large", "это не регулярное выражение RE2, или оно слишком велико"},
	"schemaCount":   {"must be a whole number of at most {limit}", "должно быть целым числом не больше {limit}"},
	"schemaSecret":  {"only text can be a secret (writeOnly)", "секретом (writeOnly) может быть только строка"},
	"schemaType":    {"settings need a Go struct; type not supported: {type}", "нужна структура Go; тип не поддерживается: {type}"},
}

// typeNames are the JSON types in Russian; in English they are called what the schema calls them.
var typeNames = map[string]string{
	"string": "строка", "number": "число", "integer": "целое число", "boolean": "true или false",
	"object": "объект", "array": "список", "null": "null",
}

// Text says what is wrong in one sentence, without the field's name. Languages are "ru" and "en"; any other gives
// English. A code unknown to this version gives the code.
func (f Fault) Text(lang string) string {
	t, ok := texts[f.Code]
	if !ok {
		return f.Code
	}
	russian := lang == "ru" || strings.HasPrefix(lang, "ru-")
	sentence := t.en
	if russian {
		sentence = t.ru
	}
	var pairs []string
	for name, arg := range f.Args {
		if name == "type" {
			arg = typeText(arg, russian)
		}
		pairs = append(pairs, "{"+name+"}", arg)
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

func typeText(types string, russian bool) string {
	if !russian {
		return types
	}
	names := strings.Split(types, ", ")
	for i, name := range names {
		if ru, ok := typeNames[name]; ok {
			names[i] = ru
		}
	}
	return strings.Join(names, ", ")
}
