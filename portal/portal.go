// Package portal is the vocabulary every room shares: who acts (Actor), on
// which access point (EAN), in which energy and language, over which period,
// at what time (Clock), and how a refusal is said (Error and Code). It decides
// nothing about people's data; it only makes sure that all rooms mean the same
// thing by the same word.
package portal
